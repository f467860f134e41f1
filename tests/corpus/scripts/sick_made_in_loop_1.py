# expect: made_in_loop
import torch
from torch import nn

x, y = torch.randn(50, 3), torch.randn(50, 1)
for epoch in range(100):
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
