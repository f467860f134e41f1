# expect: best_not_copied
import torch
from torch import nn
net = nn.Linear(2, 1); opt = torch.optim.SGD(net.parameters(), lr=.1); crit = nn.MSELoss()
Xt, yt, Xv, yv = torch.randn(9, 2), torch.randn(9, 1), torch.randn(4, 2), torch.randn(4, 1)
best = {"loss": 1e9, "weights": None}
for e in range(20):
    opt.zero_grad(); crit(net(Xt), yt).backward(); opt.step()
    with torch.no_grad(): v = crit(net(Xv), yv).item()
    if v < best["loss"]:
        best["loss"] = v
        best["weights"] = net.state_dict()
net.load_state_dict(best["weights"])
