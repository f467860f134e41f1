"""ReduceLROnPlateau on the validation loss."""
import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(200, 3); y = X @ torch.tensor([[1.0], [2.0], [-1.0]]) + 0.1 * torch.randn(200, 1)
model = nn.Linear(3, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.3)
sched = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, patience=3, factor=0.5)
mse = nn.MSELoss()
for epoch in range(60):
    opt.zero_grad()
    loss = mse(model(X[:150]), y[:150])
    loss.backward()
    opt.step()
    model.eval()
    with torch.no_grad():
        v = mse(model(X[150:]), y[150:])
    model.train()
    sched.step(v)
print(v.item(), opt.param_groups[0]["lr"])
