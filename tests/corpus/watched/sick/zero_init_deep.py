"""All weights zero, in a deep net built in a function."""
import torch
from torch import nn


def build():
    net = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 1))
    for layer in net:
        if isinstance(layer, nn.Linear):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
    return net


torch.manual_seed(0)
X = torch.randn(128, 3)
y = X[:, :1] - X[:, 1:2]
net = build()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for step in range(100):
    loss = nn.functional.mse_loss(net(X), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
