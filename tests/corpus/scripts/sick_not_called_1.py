# expect: not_called
import torch
import torch.nn as nn

X, y = torch.randn(60, 3), torch.randn(60, 1)
model = nn.Linear(3, 1)
opt = torch.optim.SGD(model.parameters(), lr=1e-2)
crit = nn.MSELoss()
for epoch in range(100):
    opt.zero_grad()
    loss = crit(model(X), y)
    loss.backward
    opt.step()
