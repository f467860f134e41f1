import itertools

import torch
from torch import nn

actor, value = nn.Linear(4, 2), nn.Linear(4, 1)
opt = torch.optim.Adam(itertools.chain(actor.parameters(), value.parameters()), lr=1e-3)
for _ in range(10):
    s, a, ret = torch.randn(32, 4), torch.randint(0, 2, (32,)), torch.randn(32)
    logp = torch.log_softmax(actor(s), dim=-1).gather(1, a[:, None]).squeeze(1)
    adv = ret - value(s).squeeze(1)
    loss = -(logp * adv.detach()).mean() + adv.pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
