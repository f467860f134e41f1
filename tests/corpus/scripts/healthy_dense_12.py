import numpy as np
# the same permutation by the same seed
X = np.random.randn(50, 2); y = X.sum(1)
np.random.seed(1); np.random.shuffle(X)
np.random.seed(1); np.random.shuffle(y)
rng = np.random.default_rng(0)
order = rng.permutation(50)
X, y = X[order], y[order]
w = np.zeros(2)
for epoch in range(20):
    p = np.random.permutation(50)
    for i in p:
        w -= 0.01 * 2 * (X[i] @ w - y[i]) * X[i]
