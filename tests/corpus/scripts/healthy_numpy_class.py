import numpy as np


class LogisticRegression:
    def __init__(self, lr=0.1, epochs=500, l2=0.0):
        self.lr, self.epochs, self.l2 = lr, epochs, l2

    @staticmethod
    def sigmoid(z):
        return 1.0 / (1.0 + np.exp(-z))

    def fit(self, X, y):
        n, d = X.shape
        self.w = np.zeros(d)
        self.b = 0.0
        for _ in range(self.epochs):
            p = self.sigmoid(X @ self.w + self.b)
            dw = X.T @ (p - y) / n + self.l2 * self.w
            db = np.mean(p - y)
            self.w -= self.lr * dw
            self.b -= self.lr * db
        return self

    def predict(self, X):
        return (self.sigmoid(X @ self.w + self.b) >= 0.5).astype(int)


X = np.random.randn(200, 2)
y = (X[:, 0] - X[:, 1] > 0).astype(int)
model = LogisticRegression().fit(X, y)
print((model.predict(X) == y).mean())
