# expect: graph_cut
import torch
from torch import nn
net = nn.Linear(3, 1)
opt = torch.optim.Adam(net.parameters())
X, y = torch.randn(20, 3), torch.randn(20, 1)
for e in range(10):
    opt.zero_grad()
    p = net(X)
    loss = nn.MSELoss()(p.data, y)
    loss.requires_grad = True
    loss.backward()
    opt.step()
