"""Rosenbrock by LBFGS with a closure in a function."""
import torch


def rosen(p):
    x, y = p
    return (1 - x) ** 2 + 100 * (y - x ** 2) ** 2


def minimise(steps=30):
    p = torch.tensor([-1.2, 1.0], requires_grad=True)
    optimizer = torch.optim.LBFGS([p], lr=1, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = rosen(p)
        loss.backward()
        return loss

    for i in range(steps):
        loss = optimizer.step(closure)
    return p.detach(), loss.item()


print(minimise())
