"""A closure for L-BFGS."""
import torch

x = torch.linspace(-1, 1, 50).unsqueeze(1)
y = 3 * x + 1
model = torch.nn.Linear(1, 1)
optimizer = torch.optim.LBFGS(model.parameters(), lr=1.0)


def closure():
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    return loss


for epoch in range(20):
    loss = optimizer.step(closure)
    print(epoch, loss.item())
