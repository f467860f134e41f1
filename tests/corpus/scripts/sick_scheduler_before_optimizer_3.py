# expect: scheduler_before_optimizer
import torch


class Learner:
    def __init__(self, net):
        self.net = net
        self.opt = torch.optim.SGD(net.parameters(), lr=1.0)
        self.sched = torch.optim.lr_scheduler.LambdaLR(self.opt, lambda k: 1 / (1 + k))

    def fit(self, x, y, steps):
        for _ in range(steps):
            self.opt.zero_grad()
            loss = (self.net(x) - y).square().mean()
            loss.backward()
            self.sched.step()
            self.opt.step()


Learner(torch.nn.Linear(2, 1)).fit(torch.randn(10, 2), torch.randn(10, 1), 50)
