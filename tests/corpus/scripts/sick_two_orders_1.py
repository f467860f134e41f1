# expect: two_orders
import numpy as np

X = np.random.randn(200, 3)
y = X @ np.array([1.0, 2.0, 3.0])
X = X[np.random.permutation(len(X))]
y = y[np.random.permutation(len(y))]
w = np.zeros(3)
for _ in range(500):
    w -= 0.1 * 2 * X.T @ (X @ w - y) / len(X)
