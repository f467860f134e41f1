import numpy as np

rng = np.random.default_rng(1)
X = rng.normal(size=(300, 2))
y = (X @ [1.5, -1.0] + 0.5 * rng.normal(size=300) > 0).astype(float)
theta = np.zeros(2)
alpha = 1.0
for it in range(400):
    p = 1 / (1 + np.exp(-X @ theta))
    J = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    grad = X.T @ (p - y) / len(y)
    theta = theta - alpha * grad
print(theta, J)
