# expect: zero_before_step
import torch
from torch import nn

net = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for i in range(100):
    x = torch.randn(16, 2)
    loss = (net(x) - x[:, :1]).pow(2).mean()
    loss.backward()
    net.zero_grad()
    print(i, loss.item())
    opt.step()
