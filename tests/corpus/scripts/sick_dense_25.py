# expect: no_train
import torch
from torch import nn
def fit(net, opt, tr, va):
    for epoch in range(5):
        for x, y in tr:
            opt.zero_grad(); nn.functional.cross_entropy(net(x), y).backward(); opt.step()
        net.eval()
        ok = 0
        for x, y in va:
            with torch.no_grad(): ok += (net(x).argmax(1) == y).sum().item()
        print(ok)
net = nn.Sequential(nn.Linear(3, 9), nn.BatchNorm1d(9), nn.ReLU(), nn.Linear(9, 2))
fit(net, torch.optim.Adam(net.parameters()), [(torch.randn(4, 3), torch.randint(0, 2, (4,)))], [(torch.randn(4, 3), torch.randint(0, 2, (4,)))])
