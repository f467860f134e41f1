# expect: squashed_regression
import torch
from sklearn.datasets import load_diabetes
from torch.utils.data import DataLoader, TensorDataset

X, y = load_diabetes(return_X_y=True)
ds = TensorDataset(torch.tensor(X, dtype=torch.float), torch.tensor(y, dtype=torch.float).reshape(-1, 1))
lin1, lin2 = torch.nn.Linear(10, 20), torch.nn.Linear(20, 1)
both = torch.nn.ModuleList([lin1, lin2])
opt = torch.optim.Adam(both.parameters())
for epoch in range(5):
    for xb, yb in DataLoader(ds, batch_size=32, shuffle=True):
        opt.zero_grad()
        pred = torch.relu(lin2(torch.relu(lin1(xb))))
        torch.nn.functional.l1_loss(pred, yb).backward()
        opt.step()
