"""sigmoid in forward and BCEWithLogitsLoss outside, a Module class."""
import torch
from torch import nn


class Logistic(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.linear = nn.Linear(d, 1)

    def forward(self, x):
        return torch.sigmoid(self.linear(x))


torch.manual_seed(0)
X = torch.randn(128, 3)
y = (X.sum(1, keepdim=True) > 0).float()
m = Logistic(3)
criterion = nn.BCEWithLogitsLoss()
opt = torch.optim.SGD(m.parameters(), lr=0.5)
for i in range(100):
    opt.zero_grad()
    loss = criterion(m(X), y)
    loss.backward()
    opt.step()
print(loss.item())
