# expect: no_eval
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

train_loader = DataLoader(TensorDataset(torch.randn(80, 4), torch.randint(0, 2, (80,))), batch_size=8, shuffle=True)
valid_loader = DataLoader(TensorDataset(torch.randn(20, 4), torch.randint(0, 2, (20,))), batch_size=8)
net = nn.Sequential(nn.Linear(4, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(p=0.4), nn.Linear(32, 2))
opt = torch.optim.Adam(net.parameters())
loss_fn = nn.CrossEntropyLoss()
for epoch in range(5):
    net.train()
    for xb, yb in train_loader:
        opt.zero_grad()
        loss_fn(net(xb), yb).backward()
        opt.step()
    hits = 0
    with torch.no_grad():
        for xb, yb in valid_loader:
            hits += (net(xb).argmax(dim=1) == yb).sum().item()
    print(epoch, hits / 20)
