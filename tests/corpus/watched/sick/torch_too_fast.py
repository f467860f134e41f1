import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(200, 5) * 3
y = X.sum(dim=1, keepdim=True)
model = nn.Linear(5, 1)
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
for epoch in range(60):
    loss = criterion(model(X), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
