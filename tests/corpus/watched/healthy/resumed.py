"""Training goes on from a checkpoint: the scheduler has stepped before."""
import io

import torch
from torch import nn


def make():
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.5)
    return model, optimizer, torch.optim.lr_scheduler.StepLR(optimizer, step_size=20, gamma=0.5)


def train(model, optimizer, scheduler, epochs):
    for _ in range(epochs):
        loss = ((model(X) - y) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
    return loss.item()


torch.manual_seed(0)
X = torch.randn(100, 3)
y = X @ torch.tensor([[1.0], [-1.0], [2.0]]) + 0.5 * torch.randn(100, 1)
first = make()
train(*first, 30)
file = io.BytesIO()
torch.save([part.state_dict() for part in first], file)
file.seek(0)
second = make()
for part, state in zip(second, torch.load(file)):
    part.load_state_dict(state)
print(train(*second, 60))
