"""A loss of a batch printed as what it is."""
import torch
import torch.nn.functional as F

X, y = torch.randn(64, 3), torch.randn(64, 1)
model = torch.nn.Linear(3, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(5):
    for i in torch.randperm(64).split(8):
        loss = F.mse_loss(model(X[i]), y[i])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print("epoch", epoch, "last batch loss", loss.item())
