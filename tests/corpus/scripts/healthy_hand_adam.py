import numpy as np

X = np.random.randn(300, 4)
y = X @ np.array([1.0, -2.0, 0.5, 3.0]) + 0.1 * np.random.randn(300)
w = np.zeros(4)
m, v = np.zeros(4), np.zeros(4)
b1, b2, lr, eps = 0.9, 0.999, 0.01, 1e-8
for t in range(1, 2000):
    idx = np.random.choice(300, 32, replace=False)
    g = 2 * X[idx].T @ (X[idx] @ w - y[idx]) / 32
    m = b1 * m + (1 - b1) * g
    v = b2 * v + (1 - b2) * g**2
    w -= lr * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)
