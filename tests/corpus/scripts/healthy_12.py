import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 3))
y = X @ np.array([1.0, -2.0, 0.5]) + 0.1 * rng.normal(size=200)
w = np.zeros(3)
rate = 0.1
for epoch in range(300):
    residual = X @ w - y
    gradient = 2 * X.T @ residual / len(X)
    w -= rate * gradient
    if epoch % 50 == 0:
        print(epoch, np.mean(residual**2))
