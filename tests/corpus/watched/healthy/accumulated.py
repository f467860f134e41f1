"""Gradients that are added up on purpose: one step for four batches."""
import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(256, 5)
y = X @ torch.tensor([1.0, -1.0, 2.0, 0.0, 0.5]) + 0.1 * torch.randn(256)
model = nn.Linear(5, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
every = 4
step = 0
for epoch in range(20):
    for rows in torch.randperm(256).split(16):
        loss = ((model(X[rows]).squeeze(1) - y[rows]) ** 2).mean() / every
        loss.backward()
        step += 1
        if step % every == 0:
            optimizer.step()
            optimizer.zero_grad()
print(model.weight)
