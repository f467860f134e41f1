"""bfloat16 autocast on the CPU, gradient accumulation of 4, AdamW."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X = torch.randn(256, 8)
Y = (X[:, :2].sum(1) > 0).long()
loader = DataLoader(TensorDataset(X, Y), batch_size=16, shuffle=True)
model = nn.Sequential(nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 2))
opt = torch.optim.AdamW(model.parameters(), lr=3e-3)
loss_fn = nn.CrossEntropyLoss()
accum = 4
for epoch in range(6):
    running = 0.0
    opt.zero_grad()
    for i, (xb, yb) in enumerate(loader):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            out = model(xb)
            loss = loss_fn(out, yb) / accum
        loss.backward()
        running += loss.item() * accum
        if (i + 1) % accum == 0:
            opt.step()
            opt.zero_grad()
    print(epoch, running / len(loader))
