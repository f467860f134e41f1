import torch
from torch import nn
# targets float32 for BCE with two outputs; labels long elsewhere
X = torch.randn(30, 4); Y = torch.randint(0, 2, (30, 2)).float()
net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))
opt = torch.optim.Adam(net.parameters()); crit = nn.BCEWithLogitsLoss(pos_weight=torch.ones(2))
for _ in range(10):
    opt.zero_grad(); crit(net(X), Y).backward(); opt.step()
pred = torch.sigmoid(net(X)) > 0.5
print((pred == Y.bool()).all(dim=1).float().mean())
