# expect: batch_mean
import torch

X, Y = torch.randn(100, 3), torch.randn(100, 1)
model = torch.nn.Linear(3, 1)
criterion = torch.nn.MSELoss(reduction="sum")
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(50):
    for i in range(0, len(X), 10):
        xb, yb = X[i : i + 10], Y[i : i + 10]
        loss = criterion(model(xb), yb) / len(X)
        opt.zero_grad()
        loss.backward()
        opt.step()
