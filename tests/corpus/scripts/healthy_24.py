"""The losses of all tasks are summed, and the sum is sent backward."""
import torch
from torch import nn

heads = nn.ModuleList([nn.Linear(4, 1) for _ in range(3)])
optimizer = torch.optim.SGD(heads.parameters(), lr=0.1)
x = torch.randn(16, 4)
targets = [torch.randn(16, 1) for _ in range(3)]
for epoch in range(20):
    total = 0
    for head, target in zip(heads, targets):
        loss = nn.functional.mse_loss(head(x), target)
        total += loss
    optimizer.zero_grad()
    total.backward()
    optimizer.step()
