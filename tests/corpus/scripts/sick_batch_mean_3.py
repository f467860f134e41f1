# expect: batch_mean
import numpy as np

X = np.random.randn(400, 2)
y = X.sum(axis=1)
w = np.zeros(2)
n = X.shape[0]
for epoch in range(10):
    index = np.random.permutation(n)
    X, y = X[index], y[index]
    for i in range(0, n, 20):
        Xb, yb = X[i : i + 20], y[i : i + 20]
        w -= 0.5 * 2 * Xb.T.dot(Xb.dot(w) - yb) / n
