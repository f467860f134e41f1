import torch
from torch import nn
# best model kept on disk
net = nn.Linear(2, 1); opt = torch.optim.Adam(net.parameters()); best = float("inf")
X, y, Xv, yv = torch.randn(30, 2), torch.randn(30, 1), torch.randn(9, 2), torch.randn(9, 1)
best_epoch = 0
for epoch in range(30):
    opt.zero_grad(); loss = nn.functional.mse_loss(net(X), y); loss.backward(); opt.step()
    with torch.no_grad(): v = nn.functional.mse_loss(net(Xv), yv).item()
    if v < best:
        best, best_epoch = v, epoch
        state = net.state_dict()
        torch.save(state, "best.pt")
        best_weights = {k: t.clone() for k, t in net.state_dict().items()}
net.load_state_dict(best_weights)
