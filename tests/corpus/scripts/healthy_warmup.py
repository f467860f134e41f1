import math

import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR

net = torch.nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
epochs, batches = 5, [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(10)]
warm = LambdaLR(opt, lambda s: min(1.0, (s + 1) / 20))
cosine = CosineAnnealingLR(opt, T_max=epochs * len(batches))
for epoch in range(epochs):
    for x, y in batches:
        opt.zero_grad()
        torch.nn.functional.mse_loss(net(x), y).backward()
        opt.step()
        warm.step() if epoch == 0 else cosine.step()
for group in opt.param_groups:
    group["lr"] = 0.1 * (1 + math.cos(math.pi)) / 2
