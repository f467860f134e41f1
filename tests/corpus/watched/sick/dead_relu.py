"""Biases far below zero: the hidden units never fire."""
import torch
from torch import nn

torch.manual_seed(0)
X = torch.rand(128, 4)
y = X.sum(dim=1, keepdim=True)
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
nn.init.constant_(model[0].bias, -10.0)
optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
for epoch in range(100):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(X), y)
    loss.backward()
    optimizer.step()
print(loss.item())
