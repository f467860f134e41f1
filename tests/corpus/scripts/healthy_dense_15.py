import torch
from torch import nn
# head replaced before the optimizer; frozen body; later all thawed with a second optimizer
from torchvision import models
net = models.resnet18(weights=None)
for p in net.parameters(): p.requires_grad = False
net.fc = nn.Sequential(nn.Dropout(0.5), nn.Linear(512, 3))
opt = torch.optim.Adam(net.fc.parameters(), lr=1e-3)
crit = nn.CrossEntropyLoss()
def loop(opt, n):
    net.train()
    for _ in range(n):
        x, y = torch.randn(2, 3, 64, 64), torch.randint(0, 3, (2,))
        opt.zero_grad(); crit(net(x), y).backward(); opt.step()
loop(opt, 2)
for p in net.parameters(): p.requires_grad = True
opt = torch.optim.Adam(net.parameters(), lr=1e-5)
loop(opt, 2)
