from sklearn.datasets import make_moons
import torch
from torch import nn

X, y = make_moons(200, noise=0.2)
X, y = torch.FloatTensor(X), torch.FloatTensor(y).reshape(-1, 1)
d, k = 2, 1


class Net(nn.Module):
    def __init__(self, d, k):
        super().__init__()
        self.hidden = nn.Linear(d, 16)
        self.drop = nn.Dropout(0.1)
        self.out = nn.Linear(16, k)

    def forward(self, x):
        return self.out(self.drop(torch.relu(self.hidden(x))))


model = Net(d, k)


def step(model, xb, yb, criterion, optimizer):
    optimizer.zero_grad()
    loss = criterion(model(xb), yb)
    loss.backward()
    optimizer.step()
    return loss.item()


def run(model, X, y, epochs=10, size=32):
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.AdamW(model.parameters())
    for epoch in range(epochs):
        model.train()
        order = torch.randperm(len(X))
        losses = [step(model, X[i], y[i], criterion, optimizer) for i in order.split(size)]
        print(epoch, sum(losses) / len(losses))


run(model, X, y)
