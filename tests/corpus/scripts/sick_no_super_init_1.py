# expect: no_super_init
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, d, k):
        self.fc1 = nn.Linear(d, 16)
        self.fc2 = nn.Linear(16, k)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


net = Net(4, 3)
opt = torch.optim.Adam(net.parameters())
x, y = torch.randn(30, 4), torch.randint(0, 3, (30,))
for _ in range(10):
    opt.zero_grad()
    nn.functional.cross_entropy(net(x), y).backward()
    opt.step()
