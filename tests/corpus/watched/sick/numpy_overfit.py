"""Polynomial regression in NumPy with far too many powers; validation loss watched by hand."""
import numpy as np

rng = np.random.default_rng(4)
X = rng.normal(size=(20, 30))
y = rng.normal(size=20)
Xv, yv = rng.normal(size=(100, 30)), rng.normal(size=100)
w = np.zeros(30)
train_losses, val_losses = [], []
for epoch in range(400):
    err = X @ w - y
    loss = np.mean(err ** 2)
    grad = 2 * X.T @ err / len(y)
    w -= 0.02 * grad
    val_loss = np.mean((Xv @ w - yv) ** 2)
    train_losses.append(loss)
    val_losses.append(val_loss)
print(train_losses[-1], val_losses[-1])
