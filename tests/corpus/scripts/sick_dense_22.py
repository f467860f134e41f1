# expect: zero_weights
import numpy as np
class NN:
    def __init__(self, d, h):
        self.W1 = np.zeros((d, h)); self.b1 = np.zeros(h)
        self.W2 = np.zeros((h, 1)); self.b2 = 0.
    def forward(self, X):
        self.Z = np.maximum(0, X @ self.W1 + self.b1)
        return self.Z @ self.W2 + self.b2
    def step(self, X, y, lr):
        g = (self.forward(X) - y) / len(X)
        gW2 = self.Z.T @ g
        gZ = g @ self.W2.T * (self.Z > 0)
        gW1 = X.T @ gZ
        self.W2 -= lr * gW2
        self.W1 -= lr * gW1
n = NN(3, 5)
X = np.random.randn(30, 3); y = X.sum(1, keepdims=True)
for i in range(100): n.step(X, y, .1)
