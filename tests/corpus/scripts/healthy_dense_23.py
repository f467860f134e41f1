import torch
from torch import nn
# meta: inner loop adapts a copy (first order)
import copy
net = nn.Linear(1, 1); outer = torch.optim.SGD(net.parameters(), lr=.1)
for it in range(10):
    outer.zero_grad()
    for task in range(3):
        fast = copy.deepcopy(net)
        inner = torch.optim.SGD(fast.parameters(), lr=.01)
        x = torch.rand(5, 1); y = task * x
        for _ in range(2):
            inner.zero_grad(); nn.functional.mse_loss(fast(x), y).backward(); inner.step()
        nn.functional.mse_loss(fast(x), y).backward()
        for p, q in zip(net.parameters(), fast.parameters()):
            p.grad = q.grad.clone() if p.grad is None else p.grad + q.grad
    outer.step()
