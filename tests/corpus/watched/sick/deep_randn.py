"""Ten layers whose weights are drawn by randn: each makes its inputs larger."""
import torch
from torch import nn

torch.manual_seed(0)
layers = []
for i in range(10):
    layer = nn.Linear(32, 32)
    layer.weight.data = torch.randn(32, 32)
    layers += [layer, nn.ReLU()]
net = nn.Sequential(*layers, nn.Linear(32, 1))
X = torch.randn(200, 32)
y = X[:, :1] * 2
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
criterion = nn.MSELoss()
for epoch in range(50):
    optimizer.zero_grad()
    loss = criterion(net(X), y)
    loss.backward()
    optimizer.step()
    print(epoch, loss.item())
