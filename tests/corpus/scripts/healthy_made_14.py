import numpy as np
import torch
from torch import nn

rows = np.loadtxt("data.csv", delimiter=",", dtype=np.float32)
X, y = torch.from_numpy(rows[:, :-1]), torch.from_numpy(rows[:, [-1]])
d, k = rows.shape[1] - 1, 1
model = nn.Sequential(nn.Linear(d, 16), nn.ReLU(), nn.Linear(16, k))


def step(model, xb, yb, criterion, optimizer):
    optimizer.zero_grad()
    loss = criterion(model(xb), yb)
    loss.backward()
    optimizer.step()
    return loss.item()


def run(model, X, y, epochs=10, size=32):
    criterion = nn.MSELoss()
    optimizer = torch.optim.AdamW(model.parameters())
    for epoch in range(epochs):
        model.train()
        order = torch.randperm(len(X))
        losses = [step(model, X[i], y[i], criterion, optimizer) for i in order.split(size)]
        print(epoch, sum(losses) / len(losses))


run(model, X, y)
