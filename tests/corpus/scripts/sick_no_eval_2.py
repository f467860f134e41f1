# expect: no_eval
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 8)
        self.norm = nn.BatchNorm1d(8)
        self.b = nn.Linear(8, 3)

    def forward(self, x):
        return self.b(F.relu(self.norm(self.a(x))))


def train(net, batches):
    opt = torch.optim.Adam(net.parameters())
    for xb, yb in batches:
        opt.zero_grad()
        F.cross_entropy(net(xb), yb).backward()
        opt.step()


def evaluate(net, test_batches):
    right = 0
    with torch.no_grad():
        for xb, yb in test_batches:
            right += (net(xb).argmax(1) == yb).sum().item()
    return right


net = Net()
train(net, [(torch.randn(8, 4), torch.randint(0, 3, (8,)))])
print(evaluate(net, [(torch.randn(8, 4), torch.randint(0, 3, (8,)))]))
