"""The first layer is frozen on purpose; only the head learns."""
import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(200, 6)
y = (X[:, 0] * X[:, 1] > 0).long()
features = nn.Sequential(nn.Linear(6, 64), nn.ReLU())
head = nn.Linear(64, 2)
for parameter in features.parameters():
    parameter.requires_grad = False
optimizer = torch.optim.SGD(head.parameters(), lr=0.5)
criterion = nn.CrossEntropyLoss()
for epoch in range(150):
    optimizer.zero_grad()
    loss = criterion(head(features(X)), y)
    loss.backward()
    optimizer.step()
print(loss.item())
