# expect: graph_kept
import torch
from torch import nn

model = nn.Linear(2, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
history = {"loss": [], "epoch": []}
x, y = torch.randn(30, 2), torch.randn(30, 1)
for epoch in range(1000):
    opt.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    opt.step()
    history["loss"].append(loss)
    history["epoch"].append(epoch)
