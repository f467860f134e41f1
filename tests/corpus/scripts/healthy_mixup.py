import numpy as np
import torch
from torch import nn

model = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 3))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
crit = nn.CrossEntropyLoss()
for x, y in [(torch.randn(16, 10), torch.randint(0, 3, (16,)))] * 8:
    lam = np.random.beta(0.4, 0.4)
    index = torch.randperm(x.size(0))
    mixed = lam * x + (1 - lam) * x[index]
    out = model(mixed)
    loss = lam * crit(out, y) + (1 - lam) * crit(out, y[index])
    opt.zero_grad()
    loss.backward()
    opt.step()
