# expect: zero_weights
import torch
import torch.nn as nn


def init_weights(m):
    if isinstance(m, nn.Linear):
        nn.init.constant_(m.weight, 0.5)
        m.bias.data.fill_(0.0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(3, 20)
        self.two = nn.Linear(20, 1)
        self.apply(init_weights)

    def forward(self, x):
        return self.two(torch.tanh(self.one(x)))


net = Net()
opt = torch.optim.Adam(net.parameters())
x, y = torch.randn(50, 3), torch.randn(50, 1)
for _ in range(50):
    opt.zero_grad()
    ((net(x) - y) ** 2).mean().backward()
    opt.step()
