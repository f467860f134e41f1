"""The bias wants a gradient and gets one, but the optimizer was never told of it."""
import torch

torch.manual_seed(0)
x = torch.linspace(0, 1, 50)
y = 3 * x + 10
w = torch.zeros(1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)
for epoch in range(100):
    loss = ((w * x + b - y) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(w.item(), b.item(), loss.item())
