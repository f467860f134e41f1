"""The total keeps the graph of every loss."""
import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(200, 4)
y = X.sum(dim=1, keepdim=True)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
total = 0
for epoch in range(60):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(X), y)
    loss.backward()
    optimizer.step()
    total += loss
print(total / 60)
