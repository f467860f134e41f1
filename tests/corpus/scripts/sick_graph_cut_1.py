# expect: graph_cut
import torch
from torch import nn

X, y = torch.randn(40, 2), torch.randn(40, 1)
model = nn.Linear(2, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(50):
    opt.zero_grad()
    pred = model(X).detach()
    loss = ((pred - y) ** 2).mean()
    loss.requires_grad_(True)
    loss.backward()
    opt.step()
