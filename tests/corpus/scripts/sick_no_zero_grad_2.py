# expect: no_zero_grad
"""Cleared once, before the loop."""
import torch
from torch import optim, nn


def train(model, data, epochs):
    opt = optim.Adam(model.parameters())
    opt.zero_grad()
    for epoch in range(epochs):
        for xb, yb in data:
            loss = nn.functional.cross_entropy(model(xb), yb)
            loss.backward()
            opt.step()


train(nn.Linear(4, 3), [(torch.randn(8, 4), torch.randint(0, 3, (8,)))], 10)
