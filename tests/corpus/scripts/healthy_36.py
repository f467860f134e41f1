"""Momentum and Adam by hand, with a gradient of y - z and its minus."""
import numpy as np

X = np.random.randn(100, 2)
y = X @ np.array([1.0, 2.0])
w, v, s = np.zeros(2), np.zeros(2), np.zeros(2)
for t in range(1, 200):
    error = y - X @ w
    grad = -2 * X.T @ error / len(y)
    v = 0.9 * v + 0.1 * grad
    s = 0.999 * s + 0.001 * grad**2
    w -= 0.01 * (v / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)
b = 0.0
lr = 0.1
for t in range(100):
    db = -2 * np.mean(y - X @ w - b)
    b -= lr * db
    w += -lr * grad
