import numpy as np


def log_likelihood_ascent(X, y, rate=0.05, steps=300):
    """Maximum likelihood by gradient ascent."""
    theta = np.zeros(X.shape[1])
    for _ in range(steps):
        h = 1 / (1 + np.exp(-X.dot(theta)))
        theta = theta + rate * X.T.dot(y - h) / len(y)
    return theta


X = np.c_[np.ones(50), np.random.randn(50, 2)]
print(log_likelihood_ascent(X, (X[:, 1] > 0) * 1.0))
