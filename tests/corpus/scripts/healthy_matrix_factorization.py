import numpy as np

rng = np.random.default_rng(5)
R = rng.integers(1, 6, size=(30, 40)).astype(float)
known = rng.random(R.shape) < 0.4
U = 0.1 * rng.standard_normal((30, 5))
V = 0.1 * rng.standard_normal((40, 5))
users, items = np.nonzero(known)
lr, reg = 0.01, 0.05
for epoch in range(50):
    for k in rng.permutation(len(users)):
        u, i = users[k], items[k]
        err = R[u, i] - U[u] @ V[i]
        U[u], V[i] = U[u] + lr * (err * V[i] - reg * U[u]), V[i] + lr * (err * U[u] - reg * V[i])
    rmse = np.sqrt(((R - U @ V.T)[known] ** 2).mean())
    print(epoch, rmse)
