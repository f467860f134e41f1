"""A sanity check: can the net learn one batch by heart?"""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X, y = torch.randn(500, 6), torch.randint(0, 3, (500,))
loader = DataLoader(TensorDataset(X, y), batch_size=16, shuffle=True)
xb, yb = next(iter(loader))
net = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 3))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for step in range(150):
    opt.zero_grad()
    loss = nn.functional.cross_entropy(net(xb), yb)
    loss.backward()
    opt.step()
print(loss.item())
