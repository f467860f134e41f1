"""The head is replaced after the optimizer was made: it trains the old one."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 16), nn.Tanh())
        self.head = nn.Linear(16, 10)

    def forward(self, x):
        return self.head(self.body(x))


def train(model, optimizer, loader, epochs):
    criterion = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        total = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            optimizer.step()
            total += loss.item()
        print(epoch, total / len(loader))


torch.manual_seed(0)
X = torch.randn(240, 6)
y = (X[:, 0] > 0).long() + (X[:, 1] > 0).long()
model = Classifier()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
model.head = nn.Linear(16, 3)
train(model, optimizer, DataLoader(TensorDataset(X, y), batch_size=24, shuffle=True), 10)
