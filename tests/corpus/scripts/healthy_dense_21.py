import numpy as np
# perceptron, k-means and exponential averages
X = np.random.randn(60, 2); y = np.where(X[:, 0] > 0, 1, -1)
w = np.zeros(2); b = 0.0
for epoch in range(10):
    for xi, yi in zip(X, y):
        if yi * (w @ xi + b) <= 0:
            w += 0.1 * yi * xi
            b += 0.1 * yi
centres = X[:3].copy()
for step in range(10):
    nearest = ((X[:, None] - centres[None]) ** 2).sum(2).argmin(1)
    for j in range(3):
        centres[j] += 0.5 * (X[nearest == j].mean(0) - centres[j])
avg = 0.0
for v in X[:, 0]:
    avg = 0.9 * avg + 0.1 * v
