import copy

import torch

model = torch.nn.Linear(4, 1)
shadow = copy.deepcopy(model)
opt = torch.optim.Adam(model.parameters())
for step in range(100):
    x = torch.randn(8, 4)
    loss = (model(x) - x.sum(1, keepdim=True)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        for s, p in zip(shadow.parameters(), model.parameters()):
            s.mul_(0.99).add_(p, alpha=0.01)
