import numpy as np

data = np.genfromtxt("houses.csv", delimiter=",", skip_header=1)
X, y = data[:, :2], data[:, 2:3]
X = (X - X.mean(0)) / X.std(0)
X = np.hstack([np.ones((len(X), 1)), X])
exact = np.linalg.solve(X.T @ X, X.T @ y)
w = np.zeros((3, 1))
for i in range(1000):
    w -= 0.1 * 2 / len(y) * X.T @ (X @ w - y)
print(np.abs(w - exact).max())
