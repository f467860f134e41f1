"""The update rule of the perceptron adds, as it should."""
import numpy as np

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
y = np.array([0.0, 0.0, 0.0, 1.0])
w = np.zeros(2)
b = 0.0
lr = 0.1
for epoch in range(20):
    for xi, target in zip(X, y):
        prediction = float(xi @ w + b > 0)
        error = target - prediction
        w += lr * error * xi
        b += lr * error
print(w, b)
