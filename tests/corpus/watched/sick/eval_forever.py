"""model.eval() after the first validation, and never train() again, in functions."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def evaluate(model, X, y):
    model.eval()
    with torch.no_grad():
        return nn.functional.cross_entropy(model(X), y).item()


def train(model, loader, Xv, yv, epochs):
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(epochs):
        for xb, yb in loader:
            opt.zero_grad()
            loss = nn.functional.cross_entropy(model(xb), yb)
            loss.backward()
            opt.step()
        print(epoch, evaluate(model, Xv, yv))


torch.manual_seed(0)
X = torch.randn(400, 10)
y = (X[:, 0] > 0).long()
model = nn.Sequential(nn.Linear(10, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 2))
train(model, DataLoader(TensorDataset(X[:300], y[:300]), batch_size=30, shuffle=True), X[300:], y[300:], 10)
