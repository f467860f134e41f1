import numpy as np
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

X, y = load_iris(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, stratify=y, random_state=0)
scaler = StandardScaler().fit(X_train)
X_train, X_test = scaler.transform(X_train), scaler.transform(X_test)
W = np.zeros((4, 3))
b = np.zeros(3)
onehot = np.eye(3)[y_train]
for step in range(500):
    z = X_train @ W + b
    z -= z.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    g = (p - onehot) / len(X_train)
    W -= 0.5 * X_train.T @ g
    b -= 0.5 * g.sum(axis=0)
print(np.mean((X_test @ W + b).argmax(axis=1) == y_test))
