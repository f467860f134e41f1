"""Momentum 0.9: the bound is 2(1 + β)/L, and the rate is beyond it."""
import torch

A = torch.diag(torch.tensor([1.0, 20.0]))
x = torch.tensor([1.0, 1.0], requires_grad=True)
optimizer = torch.optim.SGD([x], lr=0.25, momentum=0.9)
for step in range(150):
    optimizer.zero_grad()
    loss = 0.5 * x @ A @ x
    loss.backward()
    optimizer.step()
print(x, loss)
