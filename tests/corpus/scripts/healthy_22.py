"""A leaf rebuilt on purpose."""
import torch

w = torch.tensor(5.0, requires_grad=True)
for step in range(100):
    loss = (w - 2) ** 2
    loss.backward()
    w = (w - 0.1 * w.grad).detach().requires_grad_()
print(w.item())
