"""Everything is frozen: the loss has no graph."""
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Linear(4, 1)
for p in net.parameters():
    p.requires_grad = False
X = torch.randn(100, 4)
y = X[:, :1]
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(60):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(net(X), y)
    try:
        loss.backward()
    except RuntimeError as error:
        print(error)
        break
    optimizer.step()
