# expect: no_zero_grad
import torch

model = torch.nn.Linear(3, 1)
x, y = torch.randn(30, 3), torch.randn(30, 1)
for epoch in range(100):
    loss = ((model(x) - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        for param in model.parameters():
            param -= 0.01 * param.grad
