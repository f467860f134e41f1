"""All weights begin at one number: the hidden units stay equal."""
import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(200, 2)
y = (X[:, :1] * X[:, 1:] > 0).float()
model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
for parameter in model.parameters():
    nn.init.constant_(parameter, 0.1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
criterion = nn.BCEWithLogitsLoss()
for epoch in range(200):
    optimizer.zero_grad()
    loss = criterion(model(X), y)
    loss.backward()
    optimizer.step()
print(loss.item())
