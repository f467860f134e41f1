"""Mixed precision."""
import torch
from torch import nn

device = "cuda" if torch.cuda.is_available() else "cpu"
model = nn.Linear(10, 2).to(device)
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
scaler = torch.cuda.amp.GradScaler()
criterion = nn.CrossEntropyLoss()


def batches():
    for _ in range(100):
        yield torch.randn(32, 10), torch.randint(0, 2, (32,))


for xb, yb in batches():
    xb, yb = xb.to(device), yb.to(device)
    optimizer.zero_grad()
    with torch.autocast(device_type=device):
        loss = criterion(model(xb), yb)
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
