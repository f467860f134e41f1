import torch
from torch import nn

X, y = torch.randn(64, 3), torch.randn(64, 1)
results = {}
for lr in [0.3, 0.1, 0.03]:
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    opt = torch.optim.SGD(model.parameters(), lr=lr)
    for step in range(100):
        opt.zero_grad()
        loss = nn.functional.mse_loss(model(X), y)
        loss.backward()
        opt.step()
    results[lr] = loss.item()
best = min(results, key=results.get)
print(best, results[best])
