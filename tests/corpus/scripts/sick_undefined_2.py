# expect: undefined
import numpy as np


def gradient(w, X, y):
    return 2 * X.T @ (X @ w - y) / len(X)


X = np.random.randn(10, 2)
labels = X.sum(axis=1)
w = np.zeros(2)
for epoch in range(10):
    w -= learning_rate * gradient(w, X, label)
