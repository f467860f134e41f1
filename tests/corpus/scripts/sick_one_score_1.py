# expect: one_score
import torch
from torch import nn

model = nn.Sequential(nn.Linear(3, 1), nn.Sigmoid())
X, y = torch.randn(40, 3), torch.randint(0, 2, (40, 1)).float()
opt = torch.optim.SGD(model.parameters(), lr=0.5)
for _ in range(50):
    opt.zero_grad()
    loss = nn.functional.binary_cross_entropy(model(X), y)
    loss.backward()
    opt.step()
predicted = model(X).argmax(dim=1)
print((predicted == y.squeeze(1)).float().mean())
