import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(100, 2))
y = X @ [3.0, -2.0]
w = np.zeros(2)
lr = 1e-5
for epoch in range(500):
    loss = ((X @ w - y) ** 2).mean()
    g = 2 * X.T @ (X @ w - y) / len(y)
    w -= lr * g
print(w, loss)
