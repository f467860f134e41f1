import numpy as np

k, m, dt = 4.0, 1.0, 0.01
A = np.array([[-2.0, 1.0], [1.0, -2.0]])
x, v = np.array([1.0, 0.0]), np.zeros(2)
x0 = np.zeros(2)
for step in range(1000):
    v += dt * (k / m) * (A @ (x - x0))
    x += dt * v
population, r, K = 10.0, 0.3, 100.0
for t in range(50):
    population += 0.1 * r * population * (1 - population / K)
estimate = 0.0
for z in [1.0, 1.2, 0.9]:
    estimate = estimate + 0.5 * (z - estimate)
print(x, v, population, estimate)
