# expect: sum_with_rate
import numpy as np

rng = np.random.default_rng(3)
X = rng.normal(size=(200, 2))
y = X @ np.array([2.0, -1.0]) + 0.1 * rng.normal(size=200)
w = np.zeros(2)
lr = 0.1
for i in range(50):
    err = X @ w - y
    grad = 2 * X.T @ err
    w -= lr * grad
    print(i, np.mean(err**2))
