import torch
from torch.func import functional_call, grad

w = torch.zeros(3)


def loss_fn(w, x, y):
    return ((x @ w - y) ** 2).mean()


x, y = torch.randn(40, 3), torch.randn(40)
for _ in range(100):
    g = grad(loss_fn)(w, x, y)
    w = w - 0.1 * g
u = torch.zeros(3, requires_grad=True)
for _ in range(100):
    (g,) = torch.autograd.grad(loss_fn(u, x, y), u)
    with torch.no_grad():
        u -= 0.1 * g
print(w, u)
