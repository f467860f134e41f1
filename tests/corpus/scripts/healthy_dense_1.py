import torch
from torch import nn, optim
# decayed rate by hand: a new optimizer for each stage
net = nn.Linear(3, 1)
X, y = torch.randn(40, 3), torch.randn(40, 1)
for lr in (0.1, 0.01, 0.001):
    opt = optim.SGD(net.parameters(), lr=lr)
    for epoch in range(50):
        opt.zero_grad()
        loss = nn.functional.mse_loss(net(X), y)
        loss.backward()
        opt.step()
