# expect: scheduler_each_batch
import torch
from torch import nn, optim
m = nn.Linear(2, 1); o = optim.SGD(m.parameters(), lr=.1)
s = optim.lr_scheduler.MultiStepLR(o, milestones=[30, 60], gamma=.1)
EPOCHS = 90
dl = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.randn(99, 2), torch.randn(99, 1)), batch_size=10)
for ep in range(EPOCHS):
    for xb, yb in dl:
        o.zero_grad(); nn.functional.mse_loss(m(xb), yb).backward(); o.step()
        s.step()
