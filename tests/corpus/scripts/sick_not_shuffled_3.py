# expect: not_shuffled
import numpy as np


def stochastic_gradient_descent(X, y, lr=0.01, epochs=20):
    w = np.zeros(X.shape[1])
    for epoch in range(epochs):
        for i in range(len(X)):
            error = X[i] @ w - y[i]
            w = w - lr * 2 * error * X[i]
    return w
