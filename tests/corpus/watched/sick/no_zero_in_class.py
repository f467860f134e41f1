"""zero_grad is missing in the method that trains a batch."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Trainer:
    def __init__(self, model):
        self.model = model
        self.opt = torch.optim.SGD(model.parameters(), lr=0.05)
        self.loss = nn.MSELoss()

    def step(self, xb, yb):
        l = self.loss(self.model(xb), yb)
        l.backward()
        self.opt.step()
        return l.item()


torch.manual_seed(0)
X = torch.randn(200, 3)
y = X.sum(1, keepdim=True)
tr = Trainer(nn.Linear(3, 1))
for epoch in range(10):
    for xb, yb in DataLoader(TensorDataset(X, y), batch_size=20, shuffle=True):
        tr.step(xb, yb)
