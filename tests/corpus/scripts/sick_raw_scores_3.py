# expect: raw_scores
import torch
from torch import nn


class Clf(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
        self.out = nn.Linear(8, 1)

    def forward(self, x):
        return self.out(self.body(x)).squeeze(-1)


def fit(model, loss_fn, x, y):
    opt = torch.optim.Adam(model.parameters())
    for _ in range(10):
        opt.zero_grad()
        loss_fn(model(x), y).backward()
        opt.step()


fit(Clf(), nn.BCELoss(), torch.randn(20, 4), torch.randint(0, 2, (20,)).float())
