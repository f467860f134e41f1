# expect: squashed_regression
import torch
from torch import nn
x = torch.linspace(-5, 5, 100).view(-1, 1)
y = 3 * x + 2 + torch.randn(100, 1)
class R(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(1, 1)
    def forward(self, x):
        return torch.sigmoid(self.l(x))
r = R(); o = torch.optim.SGD(r.parameters(), lr=.1)
for i in range(100):
    o.zero_grad(); l = nn.MSELoss()(r(x), y); l.backward(); o.step()
