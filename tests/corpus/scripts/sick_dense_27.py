# expect: wrong_sign
import numpy as np
def h(theta, X): return X @ theta
X = np.c_[np.ones(20), np.arange(20.)]
y = 2 * X[:, 1] + 1
theta = np.zeros(2); alpha = 1e-3
for i in range(100):
    for j in range(2):
        theta[j] = theta[j] + alpha * np.mean((h(theta, X) - y) * X[:, j])
