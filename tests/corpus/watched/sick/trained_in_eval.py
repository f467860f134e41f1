import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(300, 6)
y = (X[:, 0] - X[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(6, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.3), nn.Linear(32, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
criterion = nn.CrossEntropyLoss()
model.eval()
for epoch in range(15):
    for rows in torch.randperm(300).split(30):
        optimizer.zero_grad()
        loss = criterion(model(X[rows]), y[rows])
        loss.backward()
        optimizer.step()
print(loss.item())
