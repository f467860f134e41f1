# expect: raw_scores
import torch
from torch import nn

X, y = torch.randn(40, 3), torch.randint(0, 2, (40, 1)).float()
model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
criterion = nn.BCELoss()
opt = torch.optim.SGD(model.parameters(), lr=0.5)
for _ in range(50):
    opt.zero_grad()
    loss = criterion(model(X), y)
    loss.backward()
    opt.step()
