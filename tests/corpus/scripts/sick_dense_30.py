# expect: scheduler_before_optimizer
import torch
m = torch.nn.Linear(1, 1)
opt = torch.optim.SGD(m.parameters(), lr=.1)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 50)
for t in range(50):
    opt.zero_grad()
    (m(torch.ones(2, 1)) ** 2).mean().backward()
    sched.step(); opt.step()
