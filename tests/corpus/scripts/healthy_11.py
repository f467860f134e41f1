"""Manual updates under no_grad, as in a course."""
import torch

torch.manual_seed(0)
X = torch.randn(1000, 2)
true_w = torch.tensor([2.0, -3.4])
y = X @ true_w + 4.2 + 0.01 * torch.randn(1000)
w = torch.zeros(2, requires_grad=True)
b = torch.zeros(1, requires_grad=True)


def data_iter(size, X, y):
    order = torch.randperm(len(X))
    for i in range(0, len(X), size):
        j = order[i : i + size]
        yield X[j], y[j]


def squared_loss(z, y):
    return (z - y.reshape(z.shape)) ** 2 / 2


def sgd(params, lr, batch_size):
    with torch.no_grad():
        for param in params:
            param -= lr * param.grad / batch_size
            param.grad.zero_()


for epoch in range(3):
    for xb, yb in data_iter(10, X, y):
        l = squared_loss(xb @ w + b, yb)
        l.sum().backward()
        sgd([w, b], 0.03, 10)
    with torch.no_grad():
        train_l = squared_loss(X @ w + b, y)
        print(f"epoch {epoch + 1}, loss {float(train_l.mean()):f}")
