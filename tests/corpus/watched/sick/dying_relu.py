"""A rate so large that the first updates kill every ReLU."""
import torch
from torch import nn

torch.manual_seed(0)
X = torch.rand(200, 5) * 4
y = X.sum(1, keepdim=True) * 10
net = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.02)
mse = nn.MSELoss()
for epoch in range(200):
    opt.zero_grad()
    loss = mse(net(X), y)
    loss.backward()
    opt.step()
print(loss.item())
