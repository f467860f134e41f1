"""A class whose hidden layer is started so low that no unit fires (Adam)."""
import torch
import torch.nn.functional as F
from torch import nn


class Model(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.hidden = nn.Linear(d, 24)
        self.out = nn.Linear(24, 2)
        self.hidden.bias.data.fill_(-6.0)

    def forward(self, x):
        return self.out(F.relu(self.hidden(x)))


torch.manual_seed(0)
X = torch.rand(200, 5)
y = (X[:, 0] > X[:, 1]).long()
model = Model(5)
opt = torch.optim.SGD(model.parameters(), lr=0.2)
for epoch in range(200):
    opt.zero_grad()
    loss = F.cross_entropy(model(X), y)
    loss.backward()
    opt.step()
print(loss.item())
