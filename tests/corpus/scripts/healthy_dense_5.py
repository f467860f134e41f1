import torch
from torch import nn
# XOR with mean squares and sigmoids, as in old books
X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
net = nn.Sequential(nn.Linear(2, 4), nn.Sigmoid(), nn.Linear(4, 1), nn.Sigmoid())
opt = torch.optim.SGD(net.parameters(), lr=1.0)
for i in range(5000):
    opt.zero_grad()
    loss = nn.MSELoss()(net(X), Y)
    loss.backward()
    opt.step()
print((net(X) > 0.5).float())
