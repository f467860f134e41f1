"""Logistic regression in NumPy whose probabilities reach 0 and 1."""
import numpy as np

rng = np.random.default_rng(0)
X = 100 * rng.normal(size=(80, 2))
t = (X[:, 0] > 0).astype(float)
w = np.array([5.0, 0.0])
for k in range(50):
    p = 1 / (1 + np.exp(-X @ w))
    loss = -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))
    grad = X.T @ (p - t) / len(t)
    w = w - 0.1 * grad
print(loss, w)
