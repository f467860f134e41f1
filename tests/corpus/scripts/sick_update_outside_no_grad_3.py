# expect: update_outside_no_grad
import torch


class Linear:
    def __init__(self, d):
        self.w = torch.zeros(d, 1, requires_grad=True)
        self.b = torch.zeros(1, requires_grad=True)

    def fit(self, x, y, lr=0.1):
        for _ in range(50):
            loss = ((x @ self.w + self.b - y) ** 2).mean()
            loss.backward()
            self.w -= lr * self.w.grad
            self.b.data -= lr * self.b.grad
            self.w.grad, self.b.grad = None, None


Linear(3).fit(torch.randn(10, 3), torch.randn(10, 1))
