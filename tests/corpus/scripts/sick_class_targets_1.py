# expect: class_targets
import torch
from torch import nn

X = torch.randn(50, 4)
y = torch.randint(0, 3, (50,)).float()
model = nn.Linear(4, 3)
criterion = nn.CrossEntropyLoss()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(20):
    opt.zero_grad()
    loss = criterion(model(X), y)
    loss.backward()
    opt.step()
