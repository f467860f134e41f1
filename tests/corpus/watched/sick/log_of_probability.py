"""Cross-entropy by hand: log of a probability that is 0."""
import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(100, 3) * 60
y = (X[:, 0] + 40 * torch.randn(100) > 0).float()
net = nn.Linear(3, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(40):
    p = torch.sigmoid(net(X)).squeeze(1)
    loss = -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
