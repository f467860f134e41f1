"""The data need no gradient, but a tutorial gave them one."""
import torch

x = torch.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
y = torch.tensor([3.0, 5.0, 7.0, 9.0])
w = torch.tensor([0.0], requires_grad=True)
b = torch.tensor([0.0], requires_grad=True)
optimizer = torch.optim.SGD([w, b], lr=0.05)
for epoch in range(300):
    y_hat = w * x + b
    loss = torch.mean((y_hat - y) ** 2)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(w.item(), b.item())
