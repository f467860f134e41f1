import torch
from torch import nn


def make_data(n=120):
    torch.manual_seed(0)
    X = torch.randn(n, 3)
    return X, X.sum(dim=1, keepdim=True)


def train(X, y, epochs):
    model = nn.Linear(3, 1)
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(epochs):
        optimizer.zero_grad()
        loss = criterion(model(X), y)
        loss.backward()
        optimizer.step()
    return loss.item()
