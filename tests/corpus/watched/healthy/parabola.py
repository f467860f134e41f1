import numpy as np


def derivative(x):
    return 4 * x


def descend(x, learning_rate, epochs):
    for _ in range(epochs):
        x = x - learning_rate * derivative(x)
    return x


print(descend(np.array([7.0]), 0.1, 60))
