"""Closures by hand: a step function that remembers its momentum."""
import numpy as np

rng = np.random.default_rng(0)
X = np.c_[np.ones(60), rng.normal(size=(60, 2))]
y = X @ [1.0, 2.0, -3.0] + 0.1 * rng.normal(size=60)


def make_step(lr, beta):
    velocity = np.zeros(3)

    def step(w, grad):
        nonlocal velocity
        velocity = beta * velocity + grad
        return w - lr * velocity

    return step


step = make_step(0.05, 0.8)
w = np.zeros(3)
for epoch in range(120):
    residual = X @ w - y
    grad = 2 * X.T @ residual / len(y)
    w = step(w, grad)
    loss = np.mean(residual ** 2)
print(w, loss)
