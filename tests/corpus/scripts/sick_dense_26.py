# expect: batch_norm_one_row
import torch
from torch import nn
from torch.utils.data import Dataset, DataLoader
class D(Dataset):
    def __init__(self): self.x = torch.randn(33, 4); self.y = torch.randn(33, 1)
    def __len__(self): return 33
    def __getitem__(self, i): return self.x[i], self.y[i]
net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))
o = torch.optim.SGD(net.parameters(), lr=.1)
for e in range(2):
    for x, y in DataLoader(D(), batch_size=8, shuffle=True):
        o.zero_grad(); nn.functional.mse_loss(net(x), y).backward(); o.step()
