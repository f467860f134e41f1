# expect: graph_cut
import torch
from torch import nn
net = nn.Linear(3, 2)
opt = torch.optim.Adam(net.parameters())
X, y = torch.randn(20, 3), torch.randint(0, 2, (20,))
for e in range(10):
    opt.zero_grad()
    loss = nn.CrossEntropyLoss()(net(X), y).item()
    loss.backward()
    opt.step()
