"""Parameters updated in a loop, by .data or under no_grad."""
import torch
from torch import nn

model = nn.Linear(3, 1)
X, y = torch.randn(32, 3), torch.randn(32, 1)


@torch.no_grad()
def update(rate):
    for p in model.parameters():
        p -= rate * p.grad


for step in range(100):
    model.zero_grad()
    loss = nn.functional.mse_loss(model(X), y)
    loss.backward()
    if step % 2:
        update(0.01)
    else:
        for param in model.parameters():
            param.data.sub_(0.01 * param.grad.data)
