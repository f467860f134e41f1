"""Mini-batches in NumPy, drawn at random, with a rate that decreases."""
import numpy as np

rng = np.random.default_rng(5)
X = np.hstack([rng.normal(size=(500, 4)), np.ones((500, 1))])
y = X @ np.array([1.0, 2.0, -1.0, 0.5, 3.0]) + 0.3 * rng.normal(size=500)
w = np.zeros(5)
losses = []
for epoch in range(30):
    order = rng.permutation(500)
    lr = 0.1 / (1 + 0.2 * epoch)
    for start in range(0, 500, 25):
        rows = order[start : start + 25]
        error = X[rows] @ w - y[rows]
        loss = (error**2).mean()
        gradient = 2 * X[rows].T @ error / len(rows)
        w -= lr * gradient
    losses.append(loss)
print(w)
