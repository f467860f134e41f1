# expect: two_orders
import numpy as np
def shuffle_data(X, y):
    p = np.random.permutation(len(X))
    q = np.random.permutation(len(y))
    return X[p], y[q]
X = np.random.randn(100, 2); y = X @ np.ones(2)
X, y = shuffle_data(X, y)
w = np.zeros(2)
for _ in range(50):
    w -= .1 * X.T @ (X @ w - y) / len(y)
