# expect: one_score
import torch
from torch import nn

model = nn.Linear(3, 1)
X, y = torch.randn(40, 3), torch.randint(0, 2, (40, 1)).float()
opt = torch.optim.SGD(model.parameters(), lr=0.5)
for _ in range(50):
    opt.zero_grad()
    loss = nn.functional.binary_cross_entropy_with_logits(model(X), y)
    loss.backward()
    opt.step()
with torch.no_grad():
    outputs = model(X)
    _, predicted = torch.max(outputs, 1)
    print((predicted == y.squeeze(1).long()).sum().item() / len(y))
