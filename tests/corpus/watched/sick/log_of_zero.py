"""0 · log(0): with a rate of 200 the probabilities reach 0 and 1, and the loss is NaN."""
import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(100, 2)
y = (X[:, 0] + 0.7 * torch.randn(100) > 0).float()
w = torch.zeros(2, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=200.0)
for epoch in range(100):
    p = torch.sigmoid(X @ w)
    loss = -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
