import torch
from torch import nn, optim
from torch.optim.lr_scheduler import StepLR

model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
optimizer = optim.SGD(
    [{"params": model[0].parameters(), "lr": 0.01}, {"params": model[2].parameters()}],
    lr=0.1,
)
scheduler = StepLR(optimizer, step_size=30, gamma=0.1)
x = torch.randn(64, 2)
y = x.sum(dim=1, keepdim=True)
for epoch in range(90):
    model.zero_grad()
    loss = nn.MSELoss()(model(x), y)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
