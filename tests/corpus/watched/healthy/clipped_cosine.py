"""AdamW, a cosine schedule stepped for each batch, gradients clipped."""
import torch
from torch import nn

torch.manual_seed(4)
X = torch.rand(400, 1) * 6 - 3
y = torch.sin(X)
net = nn.Sequential(nn.Linear(1, 24), nn.GELU(), nn.Linear(24, 1))
opt = torch.optim.AdamW(net.parameters(), lr=1e-2, weight_decay=1e-4)
epochs, batch = 15, 40
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=epochs * 400 // batch)
for epoch in range(epochs):
    for rows in torch.randperm(400).split(batch):
        opt.zero_grad(set_to_none=True)
        loss = nn.functional.mse_loss(net(X[rows]), y[rows])
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        schedule.step()
print(loss.item())
