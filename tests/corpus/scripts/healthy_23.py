"""torch.autograd.grad needs no clearing."""
import torch

w = torch.zeros(2, requires_grad=True)
x, y = torch.randn(20, 2), torch.randn(20)
for step in range(100):
    loss = ((x @ w - y) ** 2).mean()
    (g,) = torch.autograd.grad(loss, w)
    with torch.no_grad():
        w -= 0.1 * g
