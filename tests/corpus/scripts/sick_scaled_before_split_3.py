# expect: scaled_before_split
import numpy as np

data = np.loadtxt("data.csv", delimiter=",")
X, y = data[:, :-1], data[:, -1]
X = (X - X.mean(axis=0)) / X.std(axis=0)
n_train = int(0.8 * len(X))
X_train, X_test = X[:n_train], X[n_train:]
y_train, y_test = y[:n_train], y[n_train:]
w = np.zeros(X.shape[1])
for step in range(300):
    w -= 0.1 * 2 * X_train.T @ (X_train @ w - y_train) / n_train
print(np.mean((X_test @ w - y_test) ** 2))
