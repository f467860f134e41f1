"""The scheduler steps before the optimizer, in every epoch."""
import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(100, 3); y = X.sum(1, keepdim=True)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
for epoch in range(20):
    scheduler.step()
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(X), y)
    loss.backward()
    optimizer.step()
print(loss.item())
