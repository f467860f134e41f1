# expect: cross_entropy_one_output
import torch
from torch import nn
from sklearn.datasets import make_moons
X, y = make_moons(300)
X = torch.from_numpy(X).float(); y = torch.from_numpy(y).long()
class Net(nn.Module):
    def __init__(self, out_dim=1):
        super().__init__()
        self.a = nn.Linear(2, 10); self.b = nn.Linear(10, out_dim)
    def forward(self, x):
        return self.b(torch.tanh(self.a(x)))
net = Net(); opt = torch.optim.Adam(net.parameters()); ce = nn.CrossEntropyLoss()
for ep in range(10):
    opt.zero_grad()
    out = net(X)
    loss = ce(out, y)
    loss.backward(); opt.step()
