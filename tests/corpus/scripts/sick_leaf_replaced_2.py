# expect: leaf_replaced
import torch

w = torch.randn(2, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
x, y = torch.randn(50, 2), torch.randn(50)
lr = 0.1
for epoch in range(100):
    loss = ((x @ w + b - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w = w - lr * w.grad
        b -= lr * b.grad
    w.grad, b.grad = None, None
