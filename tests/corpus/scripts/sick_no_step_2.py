# expect: no_step
"""The schedule steps, the optimizer does not."""
import torch
from torch.optim.lr_scheduler import ExponentialLR

model = torch.nn.Linear(2, 1)
X, y = torch.randn(20, 2), torch.randn(20, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = ExponentialLR(optimizer, gamma=0.9)
for epoch in range(10):
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(X), y)
    loss.backward()
    scheduler.step()
