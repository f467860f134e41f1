"""Two heads, of which only one is trained for now."""
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Linear(4, 16)
        self.mean = nn.Linear(16, 1)
        self.spread = nn.Linear(16, 1)

    def forward(self, x):
        h = torch.tanh(self.trunk(x))
        return self.mean(h), self.spread(h)


torch.manual_seed(0)
X = torch.randn(150, 4)
y = X[:, :1] - X[:, 1:2]
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(120):
    mean, _ = net(X)
    loss = nn.functional.mse_loss(mean, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
