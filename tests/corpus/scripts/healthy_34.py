"""requires_grad set after, and again after each replacement."""
import torch

w = torch.Tensor([1.0])
w.requires_grad = True
for epoch in range(100):
    loss = (3.0 * w - 6.0) ** 2
    loss.backward()
    w = w - 0.01 * w.grad
    w = w.data
    w.requires_grad = True
