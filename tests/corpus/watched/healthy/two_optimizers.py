"""Two models, each with an optimizer of its own."""
import torch
from torch import nn

torch.manual_seed(0)
X = torch.randn(128, 4)
z = X[:, :2].clone()
coder, decoder = nn.Linear(4, 2), nn.Linear(2, 4)
first = torch.optim.SGD(coder.parameters(), lr=0.1)
second = torch.optim.SGD(decoder.parameters(), lr=0.1)
for epoch in range(150):
    loss = ((decoder(coder(X)) - X) ** 2).mean()
    first.zero_grad()
    second.zero_grad()
    loss.backward()
    first.step()
    second.step()
print(loss.item())
