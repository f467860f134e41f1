# expect: sum_with_rate
import torch
X, y = torch.randn(200, 2), torch.randn(200)
w = torch.zeros(2, requires_grad=True)
for i in range(100):
    loss = ((X @ w - y) ** 2).sum()
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
        w.grad.zero_()
