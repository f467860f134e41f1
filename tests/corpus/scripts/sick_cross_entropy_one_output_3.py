# expect: cross_entropy_one_output
import torch

n_out = 1
w = torch.zeros(3, n_out, requires_grad=True)
x, y = torch.randn(20, 3), torch.randint(0, 2, (20,))
ce = torch.nn.CrossEntropyLoss()
for step in range(100):
    loss = ce(x @ w, y)
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
    w.grad = None
