# expect: old_parameters
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.body = nn.Linear(6, 12)
        self.head = nn.Linear(12, k)

    def forward(self, x):
        return self.head(torch.relu(self.body(x)))


net = Net(10)
opt = torch.optim.SGD(net.parameters(), lr=0.05)
net.head = nn.Linear(12, 3)
x, y = torch.randn(20, 6), torch.randint(0, 3, (20,))
for step in range(100):
    loss = nn.functional.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
