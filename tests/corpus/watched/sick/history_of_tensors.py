"""Losses are kept as tensors in a list, in a training function."""
import torch
from torch import nn


def train(model, X, y, epochs):
    opt = torch.optim.SGD(model.parameters(), lr=0.05)
    losses = []
    for _ in range(epochs):
        opt.zero_grad()
        loss = ((model(X) - y) ** 2).mean()
        loss.backward()
        opt.step()
        losses.append(loss)
    return losses


torch.manual_seed(0)
X = torch.randn(100, 3)
print(train(nn.Linear(3, 1), X, X.sum(1, keepdim=True), 80)[-1])
