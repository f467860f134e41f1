"""A Trainer with fit and evaluate, BatchNorm, train and eval in the right places."""
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset, random_split


class Trainer:
    def __init__(self, model, optimizer, criterion, train_dl, val_dl):
        self.model, self.optimizer, self.criterion = model, optimizer, criterion
        self.train_dl, self.val_dl = train_dl, val_dl
        self.history = {"train": [], "val": []}

    def _run(self, loader, train):
        self.model.train(train)
        total, n = 0.0, 0
        with torch.set_grad_enabled(train):
            for xb, yb in loader:
                out = self.model(xb)
                loss = self.criterion(out, yb)
                if train:
                    self.optimizer.zero_grad()
                    loss.backward()
                    self.optimizer.step()
                total += loss.item() * len(xb)
                n += len(xb)
        return total / n

    def fit(self, epochs):
        for epoch in range(1, epochs + 1):
            self.history["train"].append(self._run(self.train_dl, True))
            self.history["val"].append(self._run(self.val_dl, False))
        return self


torch.manual_seed(0)
X = torch.randn(500, 8)
y = (X[:, 0] * X[:, 1] > 0).long()
train, val = random_split(TensorDataset(X, y), [400, 100])
net = nn.Sequential(nn.Linear(8, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 2))
t = Trainer(net, optim.Adam(net.parameters(), lr=1e-3), nn.CrossEntropyLoss(),
            DataLoader(train, 40, shuffle=True), DataLoader(val, 100)).fit(12)
print(t.history["val"][-1])
