import pandas as pd
import torch
from torch import nn

df = pd.read_csv("rows.csv")
X = torch.from_numpy(df.iloc[:, :-1].to_numpy()).float()
y = torch.from_numpy(df.iloc[:, -1].to_numpy()).float().unsqueeze(1)
d, k = X.shape[1], 1


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
    criterion = nn.MSELoss()
    optimizer = torch.optim.AdamW(model.parameters())
    for epoch in range(epochs):
        model.train()
        order = torch.randperm(len(X))
        losses = [step(model, X[i], y[i], criterion, optimizer) for i in order.split(size)]
        print(epoch, sum(losses) / len(losses))


run(model, X, y)
