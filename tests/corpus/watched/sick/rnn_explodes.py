"""A plain RNN over 60 steps with large recurrent weights, no clipping."""
import torch
from torch import nn

torch.manual_seed(0)


class Recurrence(nn.Module):
    def __init__(self):
        super().__init__()
        self.W = nn.Parameter(1.6 * torch.eye(8) + 0.1 * torch.randn(8, 8))
        self.inp = nn.Linear(2, 8)
        self.out = nn.Linear(8, 1)

    def forward(self, x):
        h = torch.zeros(x.shape[0], 8)
        for t in range(x.shape[1]):
            h = torch.relu(h @ self.W + self.inp(x[:, t]))
        return self.out(h)


X = torch.randn(32, 25, 2)
y = X.sum(dim=(1, 2)).unsqueeze(1)
net = Recurrence()
opt = torch.optim.SGD(net.parameters(), lr=1e-3)
for epoch in range(30):
    opt.zero_grad()
    loss = nn.functional.mse_loss(net(X), y)
    loss.backward()
    opt.step()
    print(epoch, loss.item())
