"""next(iter(loader)) gives the first batch, at every step."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X = torch.randn(600, 4)
y = X.sum(1, keepdim=True) + 0.3 * torch.randn(600, 1)
loader = DataLoader(TensorDataset(X, y), batch_size=32)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
loss_fn = nn.MSELoss()
for step in range(120):
    xb, yb = next(iter(loader))
    optimizer.zero_grad()
    loss = loss_fn(model(xb), yb)
    loss.backward()
    optimizer.step()
print(loss.item())
