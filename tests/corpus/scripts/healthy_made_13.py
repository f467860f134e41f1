import numpy as np
import torch
from torch import nn

rows = np.loadtxt("data.csv", delimiter=",", dtype=np.float32)
X, y = torch.from_numpy(rows[:, :-1]), torch.from_numpy(rows[:, [-1]])
d, k = rows.shape[1] - 1, 1
model = nn.Sequential(nn.Linear(d, 16), nn.ReLU(), nn.Linear(16, k))
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
history = []
for epoch in range(100):
    model.train()
    optimizer.zero_grad()
    loss = criterion(model(X), y)
    loss.backward()
    optimizer.step()
    history.append(loss.item())
print(history[-1])
