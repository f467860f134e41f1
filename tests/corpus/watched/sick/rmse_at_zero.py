"""A distance of 0: the root of the first row has an infinite derivative."""
import torch
from torch import nn

x = torch.tensor([[0.0], [1.0], [2.0], [3.0]])
y = 2 * x
net = nn.Linear(1, 1, bias=False)
with torch.no_grad():
    net.weight.fill_(0.5)
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
for epoch in range(20):
    optimizer.zero_grad()
    loss = torch.sqrt((net(x) - y) ** 2).mean()
    loss.backward()
    optimizer.step()
    print(epoch, loss.item())
