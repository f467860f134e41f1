# expect: undefined
import torch

model = nn.Linear(1, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
x = torch.randn(8, 1)
for _ in range(10):
    opt.zero_grad()
    loss = nn.functional.mse_loss(model(x), 2 * x)
    loss.backward()
    opt.step()
