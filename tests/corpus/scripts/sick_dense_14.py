# expect: made_in_loop
import torch
from torch import nn, optim
net = nn.Linear(2, 1)
crit = nn.MSELoss()
X, y = torch.randn(10, 2), torch.randn(10, 1)
for epoch in range(50):
    optimizer = optim.Adam(net.parameters(), lr=0.01)
    out = net(X)
    loss = crit(out, y)
    optimizer.zero_grad(); loss.backward(); optimizer.step()
