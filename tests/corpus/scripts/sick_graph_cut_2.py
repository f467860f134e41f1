# expect: graph_cut
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

loader = DataLoader(TensorDataset(torch.randn(64, 3), torch.randn(64, 1)), batch_size=16, shuffle=True)
net = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
loss_fn = nn.MSELoss()
optimizer = torch.optim.Adam(net.parameters())
for epoch in range(10):
    for xb, yb in loader:
        optimizer.zero_grad()
        out = torch.tensor(net(xb), requires_grad=True)
        loss = loss_fn(out, yb)
        loss.backward()
        optimizer.step()
