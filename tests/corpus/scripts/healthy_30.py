"""Several updates an epoch on all rows: the loss printed is that of all rows."""
import torch

X, y = torch.randn(64, 3), torch.randn(64)
w = torch.zeros(3, requires_grad=True)
for epoch in range(5):
    for k in range(10):
        loss = ((X @ w - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
            w.grad.zero_()
    print("epoch", epoch, loss.item())
