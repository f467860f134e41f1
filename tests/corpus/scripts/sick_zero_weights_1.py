# expect: zero_weights
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
nn.init.zeros_(net[0].weight)
nn.init.zeros_(net[0].bias)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
x, y = torch.randn(60, 4), torch.randint(0, 3, (60,))
for _ in range(100):
    opt.zero_grad()
    nn.functional.cross_entropy(net(x), y).backward()
    opt.step()
