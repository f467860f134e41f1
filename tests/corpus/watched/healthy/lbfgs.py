import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(100, 3)
y = torch.sin(X[:, :1]) + 0.5 * X[:, 1:2]
net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
optimizer = torch.optim.LBFGS(net.parameters(), lr=0.5, max_iter=5)


def closure():
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(net(X), y)
    loss.backward()
    return loss


for i in range(30):
    loss = optimizer.step(closure)
print(loss.item())
