# expect: class_targets
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
X = torch.rand(50, 2); y = (X[:, 0] > X[:, 1]).float()
m = nn.Linear(2, 2); o = torch.optim.SGD(m.parameters(), lr=.1)
for xb, yb in DataLoader(TensorDataset(X, y), batch_size=5, shuffle=True):
    o.zero_grad(); l = nn.CrossEntropyLoss()(m(xb), yb); l.backward(); o.step()
