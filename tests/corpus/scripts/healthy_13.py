"""Mini-batches in NumPy, each divided by its own rows."""
import numpy as np

X = np.random.randn(500, 4)
y = X.sum(axis=1)
w = np.zeros(4)
n, size = len(X), 25
for epoch in range(20):
    order = np.random.permutation(n)
    total = 0.0
    for start in range(0, n, size):
        rows = order[start : start + size]
        xb, yb = X[rows], y[rows]
        residual = xb @ w - yb
        total += (residual**2).sum() / n
        grad = 2 * xb.T @ residual / len(xb)
        w -= 0.05 * grad
    print(f"epoch {epoch} loss {total:.4f}")
