"""Validation with dropout still active."""
import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(300, 6)
y = (X[:, 0] - X[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
criterion = nn.CrossEntropyLoss()
for epoch in range(20):
    model.train()
    for rows in torch.randperm(200).split(20):
        optimizer.zero_grad()
        loss = criterion(model(X[rows]), y[rows])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        val_loss = criterion(model(X[200:]), y[200:])
    print(epoch, val_loss.item())
