# expect: two_orders
import numpy as np
from sklearn.datasets import make_regression

X, y = make_regression(n_samples=150, n_features=4)
np.random.shuffle(X)
np.random.shuffle(y)
w, b = np.zeros(4), 0.0
for epoch in range(200):
    error = X @ w + b - y
    w -= 0.05 * 2 * X.T @ error / len(y)
    b -= 0.05 * 2 * error.mean()
