# expect: wrong_axis
import torch
from torch import nn
import torch.nn.functional as F
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
X = torch.randn(30, 4)
y = torch.randint(0, 3, (30,))
opt = torch.optim.Adam(net.parameters())
for _ in range(5):
    opt.zero_grad(); F.cross_entropy(net(X), y).backward(); opt.step()
with torch.no_grad():
    probs = F.softmax(net(X), dim=0)
    pred = probs.argmax(dim=1)
