# expect: leaf_replaced
import torch

w = torch.Tensor([1.0])
w.requires_grad = True
x, y = 3.0, 6.0
for epoch in range(100):
    loss = (x * w - y) ** 2
    loss.backward()
    w = w - 0.01 * w.grad
    w.grad = None
