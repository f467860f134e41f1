"""1.95 / L: every step overshoots."""
import numpy as np

X = np.array([1.0, 2.0, 3.0])
y = 2 * X
w = 0.0
for step in range(80):
    cost = np.mean((X * w - y) ** 2)
    grad = np.mean(2 * X * (X * w - y))
    w -= 0.209 * grad
print(w, cost)
