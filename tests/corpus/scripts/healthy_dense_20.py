import torch
from torch import nn
import matplotlib.pyplot as plt
# one-step loops and lists of layers that are registered too
class Net(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.sizes = sizes
        layers = []
        for a, b in zip(sizes[:-1], sizes[1:]):
            layers += [nn.Linear(a, b), nn.ReLU()]
        self.net = nn.Sequential(*layers[:-1])
        self.hooks = []
        self.names = ["a", "b"]
    def forward(self, x): return self.net(x)
net = Net([2, 8, 1])
trace = []
opt = torch.optim.Adam(net.parameters())
for i in range(30):
    x = torch.rand(16, 2); y = x.prod(1, keepdim=True)
    loss = (net(x) - y).square().mean()
    opt.zero_grad(); loss.backward(); opt.step()
    trace += [loss.item()]
plt.plot(trace)
