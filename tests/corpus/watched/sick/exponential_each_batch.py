"""ExponentialLR meant for epochs, stepped after every batch, in a class."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Learner:
    def __init__(self, model, lr=0.1):
        self.model = model
        self.optimizer = torch.optim.SGD(model.parameters(), lr=lr)
        self.sched = torch.optim.lr_scheduler.ExponentialLR(self.optimizer, gamma=0.8)
        self.criterion = nn.MSELoss()

    def batch(self, xb, yb):
        self.optimizer.zero_grad()
        loss = self.criterion(self.model(xb), yb)
        loss.backward()
        self.optimizer.step()
        self.sched.step()
        return loss.item()

    def fit(self, loader, epochs=10):
        for epoch in range(epochs):
            losses = [self.batch(xb, yb) for xb, yb in loader]
            print(epoch, sum(losses) / len(losses))


torch.manual_seed(0)
X = torch.randn(400, 5); y = X @ torch.randn(5, 1)
Learner(nn.Linear(5, 1), 0.01).fit(DataLoader(TensorDataset(X, y), batch_size=20, shuffle=True))
