# expect: clip_after_step
import torch
from torch import nn
class T:
    def __init__(self, m):
        self.m = m; self.o = torch.optim.SGD(m.parameters(), lr=.1)
    def run(self, data):
        for x, y in data:
            self.o.zero_grad()
            loss = nn.functional.mse_loss(self.m(x), y)
            loss.backward()
            self.o.step()
            nn.utils.clip_grad_norm_(self.m.parameters(), 1.)
T(nn.Linear(1, 1)).run([(torch.ones(2, 1), torch.ones(2, 1))])
