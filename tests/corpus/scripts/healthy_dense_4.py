import torch
from torch import nn
# counts: positive outputs
X, y = torch.rand(60, 2), torch.poisson(torch.rand(60, 1) * 4)
net = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1), nn.Softplus())
opt = torch.optim.Adam(net.parameters())
for _ in range(50):
    opt.zero_grad()
    nn.functional.poisson_nll_loss(net(X), y, log_input=False).backward()
    opt.step()
