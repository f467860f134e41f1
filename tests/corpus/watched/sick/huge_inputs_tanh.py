"""Pixels from 0 to 255 into tanh: every unit is at its end."""
import torch
from torch import nn

torch.manual_seed(0)
X = torch.randint(0, 256, (300, 20)).float()
y = (X[:, 0] > 127).long()
net = nn.Sequential(nn.Linear(20, 32), nn.Tanh(), nn.Linear(32, 2))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
ce = nn.CrossEntropyLoss()
for epoch in range(100):
    for i in range(0, 300, 50):
        opt.zero_grad()
        loss = ce(net(X[i:i + 50]), y[i:i + 50])
        loss.backward()
        opt.step()
print(loss.item())
