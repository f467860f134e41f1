"""After training, the gradient with respect to the inputs."""
import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(100, 4)
y = (X[:, 0] * 2).unsqueeze(1)
net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(100):
    opt.zero_grad()
    loss = ((net(X) - y) ** 2).mean()
    loss.backward()
    opt.step()
x0 = X[:1].clone().requires_grad_(True)
net(x0).sum().backward()
print(x0.grad)
