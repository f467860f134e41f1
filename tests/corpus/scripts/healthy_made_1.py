import pandas as pd
import torch
from torch import nn

df = pd.read_csv("houses.csv")
X = torch.tensor(df[["area", "rooms", "age"]].values, dtype=torch.float32)
y = torch.tensor(df["price"].values, dtype=torch.float32).view(-1, 1)
d, k = 3, 1
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
