# expect: zero_before_step
import torch

model = torch.nn.Linear(2, 1)
X, y = torch.randn(20, 2), torch.randn(20, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    loss = torch.nn.functional.mse_loss(model(X), y)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
