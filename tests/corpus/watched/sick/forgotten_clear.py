import torch

x = torch.tensor([1.0, 2.0, 3.0])
y = 2 * x
w = torch.tensor([1.0], requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.05)
for epoch in range(100):
    loss = ((x * w - y) ** 2).mean()
    loss.backward()
    optimizer.step()
print(w, loss)
