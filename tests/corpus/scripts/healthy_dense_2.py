import numpy as np
X = np.random.rand(100, 3) * 255
X = X / 255.0
y = np.random.rand(100)
X_train, X_test = X[:80], X[80:]
mu, sd = X_train.mean(0), X_train.std(0)
X_train = (X_train - mu) / sd
X_test = (X_test - mu) / sd
w = np.zeros(3)
for i in range(100):
    w -= 0.1 * 2 * X_train.T @ (X_train @ w - y[:80]) / 80
print(((X_test @ w - y[80:]) ** 2).mean())
