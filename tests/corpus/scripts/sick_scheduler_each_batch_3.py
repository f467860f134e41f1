# expect: scheduler_each_batch
import torch
from torch import nn, optim

epochs = 20
data = [(torch.randn(16, 4), torch.randint(0, 2, (16,))) for _ in range(50)]
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
opt = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
sched = optim.lr_scheduler.CosineAnnealingLR(opt, T_max=epochs)


def one_epoch():
    for x, y in data:
        opt.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        opt.step()
        sched.step()


for epoch in range(epochs):
    one_epoch()
