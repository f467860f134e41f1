# expect: update_outside_no_grad
import torch
from torch import nn

model = nn.Linear(3, 1)
x, y = torch.randn(12, 3), torch.randn(12, 1)
for step in range(10):
    model.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    for p in model.parameters():
        p -= 0.1 * p.grad
