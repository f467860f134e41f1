"""Forty rows of noise, a wide net, and a validation loss that rises."""
import torch
from torch import nn

torch.manual_seed(0)
X, y = torch.randn(40, 10), torch.randn(40, 1)
Xv, yv = torch.randn(200, 10), torch.randn(200, 1)
net = nn.Sequential(nn.Linear(10, 100), nn.Tanh(), nn.Linear(100, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
criterion = nn.MSELoss()
for epoch in range(150):
    optimizer.zero_grad()
    loss = criterion(net(X), y)
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        val_loss = criterion(net(Xv), yv)
print(loss.item(), val_loss.item())
