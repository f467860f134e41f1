"""The schedule is made, and never steps."""
import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(200, 4)
y = X.sum(1, keepdim=True) + torch.randn(200, 1)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)
for epoch in range(40):
    total = 0.0
    for i in range(0, 200, 20):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(X[i:i + 20]), y[i:i + 20])
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(epoch, total / 10)
