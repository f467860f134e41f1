# expect: wrong_sign
import numpy as np


def gradients(w, b, x, y):
    error = w * x + b - y
    dw = 2 * np.mean(error * x)
    db = 2 * np.mean(error)
    return dw, db


x = np.linspace(0, 1, 20)
y = 3 * x + 1
w, b, lr = 0.0, 0.0, 0.1
for epoch in range(100):
    dw, db = gradients(w, b, x, y)
    w = w + lr * dw
    b = b + lr * db
