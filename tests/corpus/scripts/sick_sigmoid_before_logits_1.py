# expect: sigmoid_before_logits
import torch
from torch import nn

X, y = torch.randn(40, 3), torch.randint(0, 2, (40, 1)).float()
model = nn.Sequential(nn.Linear(3, 1), nn.Sigmoid())
criterion = nn.BCEWithLogitsLoss()
opt = torch.optim.SGD(model.parameters(), lr=0.5)
for _ in range(50):
    opt.zero_grad()
    loss = criterion(model(X), y)
    loss.backward()
    opt.step()
