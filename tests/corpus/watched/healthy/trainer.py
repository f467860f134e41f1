"""A Trainer class with early stopping by validation loss."""
import copy

import torch
from torch import nn


class Trainer:
    def __init__(self, model, lr=0.05, patience=5):
        self.model = model
        self.optimizer = torch.optim.SGD(model.parameters(), lr=lr)
        self.loss_fn = nn.MSELoss()
        self.patience = patience

    def step(self, inputs, targets):
        self.optimizer.zero_grad()
        loss = self.loss_fn(self.model(inputs), targets)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    @torch.no_grad()
    def evaluate(self, inputs, targets):
        self.model.eval()
        value = self.loss_fn(self.model(inputs), targets).item()
        self.model.train()
        return value

    def fit(self, train, valid, epochs):
        best, left, kept = float("inf"), self.patience, None
        for _ in range(epochs):
            self.step(*train)
            value = self.evaluate(*valid)
            if value < best:
                best, left, kept = value, self.patience, copy.deepcopy(self.model.state_dict())
            else:
                left -= 1
                if left == 0:
                    break
        self.model.load_state_dict(kept)
        return best


torch.manual_seed(0)
X = torch.randn(300, 8)
y = X @ torch.randn(8, 1) + 0.2 * torch.randn(300, 1)
print(Trainer(nn.Linear(8, 1)).fit((X[:200], y[:200]), (X[200:], y[200:]), 120))
