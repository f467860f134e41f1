"""Logistic regression with y − p, added."""
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


X = np.random.randn(100, 2)
y = (X[:, 0] > 0).astype(float)
w = np.zeros(2)
for epoch in range(100):
    p = sigmoid(X @ w)
    w += 0.1 * X.T @ (y - p) / len(y)
    loss = -np.mean(y * np.log(p + 1e-12) + (1 - y) * np.log(1 - p + 1e-12))
print(loss)
