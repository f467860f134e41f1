"""Rows sorted by class, batches by slices, no permutation."""
import torch
from torch import nn

torch.manual_seed(0)
X = torch.cat([torch.randn(100, 2) + c for c in (-3.0, 0.0, 3.0)])
y = torch.arange(3).repeat_interleave(100)
net = nn.Linear(2, 3)
opt = torch.optim.SGD(net.parameters(), lr=0.5)
loss_fn = nn.CrossEntropyLoss()
for epoch in range(10):
    for i in range(0, 300, 20):
        loss = loss_fn(net(X[i:i + 20]), y[i:i + 20])
        opt.zero_grad()
        loss.backward()
        opt.step()
print(loss.item())
