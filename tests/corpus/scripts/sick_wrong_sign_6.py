# expect: wrong_sign
import numpy as np


class Regression:
    def fit(self, X, t, rate=0.01, steps=200):
        self.w = np.zeros(X.shape[1])
        for _ in range(steps):
            residual = t - X.dot(self.w)
            gradient = X.T.dot(residual) / len(t)
            self.w = self.w - rate * gradient
        return self


H = np.random.randn(30, 3)
Regression().fit(H, H.sum(axis=1))
