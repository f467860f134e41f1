# expect: not_shuffled
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

X = torch.cat([torch.randn(100, 2) - 1, torch.randn(100, 2) + 1])
y = torch.cat([torch.zeros(100), torch.ones(100)]).unsqueeze(1)
loader = DataLoader(TensorDataset(X, y), batch_size=10, shuffle=False)
model = nn.Linear(2, 1)
criterion = nn.BCEWithLogitsLoss()
opt = torch.optim.SGD(model.parameters(), lr=0.5)
for epoch in range(20):
    for xb, yb in loader:
        opt.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        opt.step()
