"""k-means: a loop that moves centres, and no gradient descent."""
import numpy as np

rng = np.random.default_rng(0)
X = np.vstack([rng.normal(c, 0.3, size=(50, 2)) for c in (0, 3, 6)])
centres = X[rng.choice(len(X), 3, replace=False)]
for it in range(20):
    d = ((X[:, None] - centres[None]) ** 2).sum(-1)
    label = d.argmin(1)
    centres = np.array([X[label == k].mean(0) for k in range(3)])
    inertia = d.min(1).sum()
print(inertia)
