"""The whole gradient summed over batches, one step an epoch."""
import torch
import torch.nn.functional as F

X, Y = torch.randn(100, 3), torch.randn(100, 1)
w = torch.zeros(3, 1, requires_grad=True)
for epoch in range(50):
    for i in range(0, len(X), 10):
        xb, yb = X[i : i + 10], Y[i : i + 10]
        loss = F.mse_loss(xb @ w, yb, reduction="sum") / len(X)
        loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
    w.grad = None
