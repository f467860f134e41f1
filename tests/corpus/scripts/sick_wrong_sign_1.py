# expect: wrong_sign
import numpy as np

X = np.random.randn(100, 2)
y = X @ np.array([1.0, 2.0])
w = np.zeros(2)
lr = 0.01
for epoch in range(100):
    grad = 2 * X.T @ (X @ w - y) / len(X)
    w += lr * grad
