# expect: wrong_sign
import torch

model = torch.nn.Linear(2, 1)
x, y = torch.randn(40, 2), torch.randn(40, 1)
for epoch in range(100):
    model.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    with torch.no_grad():
        for p in model.parameters():
            p += 0.1 * p.grad
