"""An exponential moving average of the weights, evaluated on validation rows."""
import copy

import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(400, 6)
w_true = torch.randn(6, 1)
Y = X @ w_true + 0.1 * torch.randn(400, 1)
model = nn.Sequential(nn.Linear(6, 20), nn.Tanh(), nn.Dropout(0.1), nn.Linear(20, 1))
ema = copy.deepcopy(model)
for p in ema.parameters():
    p.requires_grad_(False)
opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
criterion = nn.MSELoss()


def train_epoch():
    model.train()
    perm = torch.randperm(320)
    total = 0.0
    for k in range(0, 320, 32):
        b = perm[k:k + 32]
        opt.zero_grad()
        loss = criterion(model(X[b]), Y[b])
        loss.backward()
        opt.step()
        with torch.no_grad():
            for e, p in zip(ema.parameters(), model.parameters()):
                e.mul_(0.98).add_(p, alpha=0.02)
        total += loss.item()
    return total / 10


@torch.no_grad()
def validate():
    ema.eval()
    return criterion(ema(X[320:]), Y[320:]).item()


for epoch in range(30):
    tr = train_epoch()
    va = validate()
    print(f"epoch {epoch}: train {tr:.4f} val {va:.4f}")
