"""Square metres and rooms, as they are: the rate that suits one is far too large for the other."""
import numpy as np

rng = np.random.default_rng(0)
area = rng.uniform(40, 200, size=80)
rooms = rng.integers(1, 6, size=80)
X = np.column_stack([area, rooms, np.ones(80)])
price = X @ np.array([3.0, 10.0, 20.0])
w = np.zeros(3)
for epoch in range(100):
    error = X @ w - price
    mse = np.mean(error**2)
    gradient = 2 * X.T @ error / len(price)
    w -= 0.01 * gradient
print(w, mse)
