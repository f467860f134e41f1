import numpy as np

X = np.array([1.0, 2.0, 3.0])
y = 2 * X
w = 1.0
for step in range(200):
    residual = X * w - y
    cost = np.mean(residual**2)
    w = w - 0.3 * np.mean(2 * X * residual)
print(w, cost)
