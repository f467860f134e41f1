from sklearn.datasets import load_iris
import torch
from torch import nn

X, y = load_iris(return_X_y=True)
X = torch.tensor(X, dtype=torch.float32)
y = torch.tensor(y, dtype=torch.long)
d, k = 4, 3
model = nn.Sequential(nn.Linear(d, 16), nn.ReLU(), nn.Linear(16, k))


def step(model, xb, yb, criterion, optimizer):
    optimizer.zero_grad()
    loss = criterion(model(xb), yb)
    loss.backward()
    optimizer.step()
    return loss.item()


def run(model, X, y, epochs=10, size=32):
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters())
    for epoch in range(epochs):
        model.train()
        order = torch.randperm(len(X))
        losses = [step(model, X[i], y[i], criterion, optimizer) for i in order.split(size)]
        print(epoch, sum(losses) / len(losses))


run(model, X, y)
