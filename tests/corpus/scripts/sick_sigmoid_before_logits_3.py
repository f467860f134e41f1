# expect: sigmoid_before_logits
import torch
from torch import nn


class Clf(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(4, 1)
        self.act = nn.Sigmoid()

    def forward(self, x):
        return self.act(self.lin(x))


net = Clf()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
crit = nn.BCEWithLogitsLoss()
for x, y in [(torch.randn(8, 4), torch.ones(8, 1))] * 5:
    opt.zero_grad()
    crit(net(x), y).backward()
    opt.step()
