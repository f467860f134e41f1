"""A leaf moved by hand whose gradient is never cleared."""
import torch

x = torch.tensor([1.0, 2.0, 3.0])
y = 2 * x
w = torch.tensor(0.0, requires_grad=True)
for epoch in range(60):
    loss = ((w * x - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.02 * w.grad
print(w.item(), loss.item())
