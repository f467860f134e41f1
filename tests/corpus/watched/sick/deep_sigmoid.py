"""Eight sigmoid layers: the first one learns nothing."""
import torch
from torch import nn

torch.manual_seed(0)
layers = []
for i in range(8):
    layers += [nn.Linear(10, 10), nn.Sigmoid()]
model = nn.Sequential(*layers, nn.Linear(10, 2))
X = torch.randn(256, 10)
y = (X[:, 0] > 0).long()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
criterion = nn.CrossEntropyLoss()
for epoch in range(100):
    optimizer.zero_grad()
    loss = criterion(model(X), y)
    loss.backward()
    optimizer.step()
print(loss.item())
