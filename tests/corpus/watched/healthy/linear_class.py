"""A class with fit and predict, as courses write it."""
import numpy as np


class LinearRegression:
    def __init__(self, learning_rate=0.3, epochs=200):
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.history = []

    def fit(self, X, y):
        self.w = np.zeros(X.shape[1])
        self.b = 0.0
        for _ in range(self.epochs):
            error = X @ self.w + self.b - y
            loss = np.mean(error**2)
            self.history.append(loss)
            grad_w = 2 * X.T @ error / len(y)
            grad_b = 2 * np.mean(error)
            self.w -= self.learning_rate * grad_w
            self.b -= self.learning_rate * grad_b
        return self


rng = np.random.default_rng(0)
X = rng.normal(size=(200, 3))
y = X @ [1.0, -2.0, 0.5] + 0.7 + 0.1 * rng.normal(size=200)
print(LinearRegression().fit(X, y).w)
