"""Adam written by hand in NumPy, on logistic regression."""
import numpy as np

rng = np.random.default_rng(1)
X = rng.normal(size=(200, 3))
t = (X @ [1.5, -2.0, 0.5] + rng.logistic(size=200) > 0).astype(float)
w, b = np.zeros(3), 0.0
mw = vw = np.zeros(3)
mb = vb = 0.0
lr, b1, b2, eps = 0.05, 0.9, 0.999, 1e-8
for k in range(1, 301):
    p = 1 / (1 + np.exp(-(X @ w + b)))
    loss = -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))
    gw, gb = X.T @ (p - t) / 200, np.mean(p - t)
    mw = b1 * mw + (1 - b1) * gw
    vw = b2 * vw + (1 - b2) * gw ** 2
    mb = b1 * mb + (1 - b1) * gb
    vb = b2 * vb + (1 - b2) * gb ** 2
    w -= lr * (mw / (1 - b1 ** k)) / (np.sqrt(vw / (1 - b2 ** k)) + eps)
    b -= lr * (mb / (1 - b1 ** k)) / (np.sqrt(vb / (1 - b2 ** k)) + eps)
print(loss, w, b)
