"""Hidden layers in a plain Python list: the optimizer never gets them."""
import torch
from torch import nn


class DeepNet(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.hidden = [nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:])]
        self.out = nn.Linear(sizes[-1], 1)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.out(x)


torch.manual_seed(0)
X = torch.randn(200, 4)
y = (X[:, :1] * X[:, 1:2])
net = DeepNet([4, 16, 16])
optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
criterion = nn.MSELoss()
for epoch in range(100):
    optimizer.zero_grad()
    loss = criterion(net(X), y)
    loss.backward()
    optimizer.step()
print(loss.item())
