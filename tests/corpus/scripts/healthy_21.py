"""One row at a time: a prediction of shape (1,) and a target of shape ()."""
import random

import torch

X = torch.tensor([[1.0], [2.0], [3.0]])
Y = torch.tensor([2.0, 4.0, 6.0])
model = torch.nn.Linear(1, 1)
criterion = torch.nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
rows = list(range(3))
for epoch in range(10):
    random.shuffle(rows)
    for i in rows:
        x, y = X[i], Y[i]
        loss = criterion(model(x)[0], y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
