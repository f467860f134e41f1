import torch
from torch import nn


class Multi(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(6, 32), nn.ReLU())
        self.reg = nn.Linear(32, 1)
        self.cls = nn.Linear(32, 3)

    def forward(self, x):
        h = self.trunk(x)
        return self.reg(h).squeeze(-1), self.cls(h)


net = Multi()
opt = torch.optim.Adam([{"params": net.trunk.parameters(), "lr": 1e-4}, {"params": net.reg.parameters()}, {"params": net.cls.parameters()}], lr=1e-3)
for _ in range(10):
    x, r, c = torch.randn(16, 6), torch.randn(16), torch.randint(0, 3, (16,))
    pr, pc = net(x)
    losses = {"reg": nn.functional.mse_loss(pr, r), "cls": nn.functional.cross_entropy(pc, c)}
    total = sum(losses.values())
    opt.zero_grad()
    total.backward()
    opt.step()
    print({k: v.item() for k, v in losses.items()})
