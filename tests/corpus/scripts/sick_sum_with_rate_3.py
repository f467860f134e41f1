# expect: sum_with_rate
import torch
from torch.utils.data import DataLoader, TensorDataset

loader = DataLoader(TensorDataset(torch.randn(256, 3), torch.randn(256, 1)), batch_size=64, shuffle=True)
net = torch.nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.05)
for epoch in range(10):
    for xb, yb in loader:
        loss = ((net(xb) - yb) ** 2).sum()
        opt.zero_grad()
        loss.backward()
        opt.step()
