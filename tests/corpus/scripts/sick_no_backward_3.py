# expect: no_backward
import torch


class Model:
    def __init__(self):
        self.net = torch.nn.Linear(2, 1)
        self.opt = torch.optim.SGD(self.net.parameters(), lr=0.1)

    def fit(self, x, y):
        for _ in range(100):
            self.opt.zero_grad()
            loss = ((self.net(x) - y) ** 2).mean()
            self.opt.step()


Model().fit(torch.randn(10, 2), torch.randn(10, 1))
