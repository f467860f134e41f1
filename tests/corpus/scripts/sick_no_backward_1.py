# expect: no_backward
import torch

model = torch.nn.Linear(2, 1)
X, y = torch.randn(20, 2), torch.randn(20, 1)
criterion = torch.nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    optimizer.zero_grad()
    loss = criterion(model(X), y)
    optimizer.step()
