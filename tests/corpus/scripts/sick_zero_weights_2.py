# expect: zero_weights
import numpy as np

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
y = np.array([[0], [1], [1], [0]], dtype=float)
W1, b1 = np.zeros((2, 4)), np.zeros(4)
W2, b2 = np.zeros((4, 1)), np.zeros(1)
lr = 0.5
for i in range(5000):
    h = 1 / (1 + np.exp(-(X @ W1 + b1)))
    out = 1 / (1 + np.exp(-(h @ W2 + b2)))
    d_out = (out - y) * out * (1 - out)
    d_h = d_out @ W2.T * h * (1 - h)
    W2 -= lr * h.T @ d_out / 4
    b2 -= lr * d_out.mean(axis=0)
    W1 -= lr * X.T @ d_h / 4
    b1 -= lr * d_h.mean(axis=0)
