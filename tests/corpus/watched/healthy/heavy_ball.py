"""Momentum by hand."""
import numpy as np

A = np.diag([1.0, 10.0])
x = np.array([5.0, 1.0])
v = np.zeros(2)
for k in range(120):
    value = 0.5 * x @ A @ x
    g = A @ x
    v = 0.7 * v - 0.08 * g
    x = x + v
print(x, value)
