"""The rows are sorted by their class, and nothing shuffles them."""
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
order = y.argsort(kind="stable")
X, y = torch.tensor(X[order] / 16, dtype=torch.float32), torch.tensor(y[order])
loader = DataLoader(TensorDataset(X, y), batch_size=20)
model = nn.Linear(64, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
for epoch in range(6):
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(xb), yb)
        loss.backward()
        optimizer.step()
print(loss.item())
