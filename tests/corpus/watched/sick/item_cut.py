"""The loss is rebuilt from a number, and wants a gradient of its own."""
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Linear(3, 1)
X = torch.randn(90, 3)
y = X.sum(1, keepdim=True)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(30):
    optimizer.zero_grad()
    out = net(X)
    loss = torch.tensor(((out - y) ** 2).mean().item(), requires_grad=True)
    loss.backward()
    optimizer.step()
print(loss.item())
