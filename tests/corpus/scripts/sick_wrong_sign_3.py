# expect: wrong_sign
import torch

w = torch.zeros(1, requires_grad=True)
x, y = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 4.0, 6.0])
for epoch in range(100):
    loss = ((x * w - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w += 0.01 * w.grad
        w.grad.zero_()
