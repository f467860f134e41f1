"""ReLU after the last layer: every prediction is 0."""
import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(200, 4)
y = -X[:, :1] - 4
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1), nn.ReLU())
optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
criterion = nn.MSELoss()
for epoch in range(100):
    optimizer.zero_grad()
    loss = criterion(net(X), y)
    loss.backward()
    optimizer.step()
print(loss.item())
