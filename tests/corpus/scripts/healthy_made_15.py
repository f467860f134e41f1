import numpy as np
import torch
from torch import nn

rows = np.loadtxt("data.csv", delimiter=",", dtype=np.float32)
X, y = torch.from_numpy(rows[:, :-1]), torch.from_numpy(rows[:, [-1]])
d, k = rows.shape[1] - 1, 1


class Net(nn.Module):
    def __init__(self, d, k):
        super().__init__()
        self.hidden = nn.Linear(d, 16)
        self.drop = nn.Dropout(0.1)
        self.out = nn.Linear(16, k)

    def forward(self, x):
        return self.out(self.drop(torch.relu(self.hidden(x))))


model = Net(d, k)
from torch.utils.data import DataLoader, TensorDataset, random_split

data = TensorDataset(X, y)
train_set, val_set = random_split(data, [0.8, 0.2])
train_dl = DataLoader(train_set, batch_size=16, shuffle=True, drop_last=True)
val_dl = DataLoader(val_set, batch_size=64)
loss_fn = nn.MSELoss()
opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=20)
for epoch in range(20):
    model.train()
    total = 0.0
    for xb, yb in train_dl:
        loss = loss_fn(model(xb), yb)
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        total += loss.item() * len(xb)
    sched.step()
    model.eval()
    with torch.no_grad():
        val = sum(loss_fn(model(xb), yb).item() * len(xb) for xb, yb in val_dl) / len(val_set)
    print(f"epoch {epoch}: {total / len(train_set):.4f} {val:.4f}")
