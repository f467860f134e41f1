"""Income in dollars beside age in years."""
import torch
from torch import nn

torch.manual_seed(0)
age = 20 + 50 * torch.rand(300, 1)
income = 20000 + 60000 * torch.rand(300, 1)
X = torch.cat([age, income], 1)
y = 0.02 * age + 1e-5 * income
net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(200):
    opt.zero_grad()
    loss = nn.functional.mse_loss(net(X), y)
    loss.backward()
    opt.step()
print(loss.item())
