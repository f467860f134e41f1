from sklearn.datasets import load_iris
import torch
from torch import nn

X, y = load_iris(return_X_y=True)
X = torch.tensor(X, dtype=torch.float32)
y = torch.tensor(y, dtype=torch.long)
d, k = 4, 3
model = nn.Sequential(nn.Linear(d, 16), nn.ReLU(), nn.Linear(16, k))
criterion = nn.CrossEntropyLoss()
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
