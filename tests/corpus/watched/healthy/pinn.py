"""u' = -u, u(0) = 1 by a physics-informed net: the inputs require gradients."""
import torch
from torch import nn

torch.manual_seed(0)
t = torch.linspace(0, 2, 40).reshape(-1, 1)
t.requires_grad = True
net = nn.Sequential(nn.Linear(1, 20), nn.Tanh(), nn.Linear(20, 1))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for it in range(200):
    opt.zero_grad()
    u = net(t)
    du = torch.autograd.grad(u.sum(), t, create_graph=True)[0]
    loss = ((du + u) ** 2).mean() + (net(torch.zeros(1, 1)) - 1).pow(2).mean()
    loss.backward()
    opt.step()
print(loss.item())
