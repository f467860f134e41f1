"""Stochastic descent that draws its rows."""
import numpy as np


def sgd(X, y, rate=0.01, epochs=50, seed=0):
    rng = np.random.default_rng(seed)
    w = np.zeros(X.shape[1])
    for epoch in range(epochs):
        for i in rng.permutation(len(X)):
            error = X[i] @ w - y[i]
            w -= rate * 2 * error * X[i]
    return w


X = np.random.randn(50, 2)
print(sgd(X, X @ np.array([1.0, 2.0])))
