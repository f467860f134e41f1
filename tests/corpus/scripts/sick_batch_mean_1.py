# expect: batch_mean
import numpy as np

X = np.random.randn(500, 4)
y = X.sum(axis=1)
w = np.zeros(4)
n = len(X)
for epoch in range(20):
    order = np.random.permutation(n)
    for start in range(0, n, 25):
        rows = order[start : start + 25]
        xb, yb = X[rows], y[rows]
        grad = 2 * xb.T @ (xb @ w - yb) / n
        w -= 0.05 * grad
