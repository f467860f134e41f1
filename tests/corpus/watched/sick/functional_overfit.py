"""Train and validation losses by functions; a polynomial of degree 15 on 12 points (by a net)."""
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(2)
X, y = torch.randn(30, 8), torch.randn(30, 1)
Xv, yv = torch.randn(150, 8), torch.randn(150, 1)
model = nn.Sequential(nn.Linear(8, 128), nn.ReLU(), nn.Linear(128, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
history = []
for epoch in range(200):
    model.train()
    optimizer.zero_grad()
    loss = F.mse_loss(model(X), y)
    loss.backward()
    optimizer.step()
    model.eval()
    with torch.no_grad():
        val_loss = F.mse_loss(model(Xv), yv)
    history.append((loss.item(), val_loss.item()))
print(history[-1])
