# expect: wrong_sign
import torch
w = torch.randn(3, requires_grad=True); b = torch.zeros(1, requires_grad=True)
X, y = torch.randn(50, 3), torch.randn(50)
for i in range(100):
    loss = torch.mean((X @ w + b - y) ** 2)
    loss.backward()
    w.data += .1 * w.grad.data
    b.data += .1 * b.grad.data
    w.grad.zero_(); b.grad.zero_()
