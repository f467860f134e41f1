# expect: test_rows_trained
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split
ds = TensorDataset(torch.randn(100, 3), torch.randn(100, 1))
train_ds, val_ds = random_split(ds, [80, 20])
train_dl, val_dl = DataLoader(train_ds, 8, shuffle=True), DataLoader(val_ds, 8)
net = nn.Linear(3, 1); opt = torch.optim.SGD(net.parameters(), lr=.1)
for e in range(3):
    for i, (xb, yb) in enumerate(val_dl):
        opt.zero_grad(); nn.functional.mse_loss(net(xb), yb).backward(); opt.step()
