# expect: no_zero_grad
import torch

w = torch.tensor([1.0], requires_grad=True)
for epoch in range(50):
    for x, y in [(1.0, 2.0), (2.0, 4.0), (3.0, 6.0)]:
        loss = (x * w - y) ** 2
        loss.backward()
        w.data -= 0.01 * w.grad
