"""A missing value in the table."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

rng = np.random.default_rng(0)
table = rng.normal(size=(200, 4)).astype("float32")
table[150, 2] = np.nan
X, y = torch.from_numpy(table[:, :3]), torch.from_numpy(table[:, 3:])
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(5):
    total = 0.0
    for xb, yb in DataLoader(TensorDataset(X, y), batch_size=20):
        opt.zero_grad()
        loss = nn.functional.mse_loss(model(xb), yb)
        loss.backward()
        opt.step()
        total += loss.item()
    print(epoch, total / 10)
