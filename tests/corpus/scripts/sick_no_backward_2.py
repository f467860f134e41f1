# expect: no_backward
import torch
import torch.nn.functional as F


def fit(net, x, y):
    opt = torch.optim.Adam(net.parameters())
    for _ in range(10):
        opt.zero_grad()
        out = net(x)
        err = F.cross_entropy(out, y)
        opt.step()
        print(err.item())


fit(torch.nn.Linear(3, 2), torch.randn(9, 3), torch.randint(0, 2, (9,)))
