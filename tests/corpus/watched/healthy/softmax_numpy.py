import numpy as np
from sklearn.datasets import load_iris

X, y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)
Y = np.eye(3)[y]
W = np.zeros((4, 3))
b = np.zeros(3)
lr = 0.5
for epoch in range(300):
    scores = X @ W + b
    scores -= scores.max(axis=1, keepdims=True)
    P = np.exp(scores)
    P /= P.sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(P[np.arange(len(y)), y]))
    dW = X.T @ (P - Y) / len(y)
    db = (P - Y).mean(axis=0)
    W -= lr * dW
    b -= lr * db
print(loss)
