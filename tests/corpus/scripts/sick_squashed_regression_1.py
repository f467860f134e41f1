# expect: squashed_regression
import torch
from torch import nn

x = torch.randn(100, 3)
y = x @ torch.tensor([[1.0], [-2.0], [3.0]]) + 0.1 * torch.randn(100, 1)
model = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1), nn.ReLU())
opt = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(200):
    opt.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    opt.step()
