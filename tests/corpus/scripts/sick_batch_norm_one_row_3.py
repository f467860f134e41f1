# expect: batch_norm_one_row
import torch
from torch.utils.data import DataLoader, TensorDataset, random_split

full = TensorDataset(torch.randn(101, 6), torch.randint(0, 2, (101,)))
train_set, test_set = random_split(full, [81, 20])
train_loader = DataLoader(dataset=train_set, batch_size=16, shuffle=True, drop_last=False)
net = torch.nn.Sequential(torch.nn.BatchNorm1d(6), torch.nn.Linear(6, 2))
opt = torch.optim.Adam(net.parameters())
for epoch in range(3):
    for x, y in train_loader:
        opt.zero_grad()
        torch.nn.functional.cross_entropy(net(x), y).backward()
        opt.step()
