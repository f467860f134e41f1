# expect: no_train
import torch
from torch import nn

model = nn.Sequential(nn.Linear(20, 50), nn.BatchNorm1d(50), nn.ReLU(), nn.Dropout(0.3), nn.Linear(50, 3))
optimizer = torch.optim.Adam(model.parameters())
loss_fn = nn.CrossEntropyLoss()


def evaluate(loader):
    model.eval()
    n = good = 0
    with torch.no_grad():
        for xb, yb in loader:
            good += (model(xb).argmax(1) == yb).sum().item()
            n += len(yb)
    return good / n


def run(train_loader, valid_loader, epochs=20):
    for epoch in range(epochs):
        for xb, yb in train_loader:
            optimizer.zero_grad()
            loss = loss_fn(model(xb), yb)
            loss.backward()
            optimizer.step()
        print(epoch, evaluate(valid_loader))
