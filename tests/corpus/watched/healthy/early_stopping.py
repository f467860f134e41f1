"""Early stopping with patience, tqdm-like progress, a held-out part."""
import copy

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(3)
X = torch.randn(300, 5)
y = (X[:, 0] - 2 * X[:, 1] + 0.3 * torch.randn(300)).unsqueeze(1)
train_x, train_y, val_x, val_y = X[:200], y[:200], X[200:], y[200:]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(5, 16)
        self.fc2 = nn.Linear(16, 1)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))


net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
best, patience, bad = float("inf"), 15, 0
epoch = 0
while True:
    net.train()
    opt.zero_grad()
    loss = F.mse_loss(net(train_x), train_y)
    loss.backward()
    opt.step()
    net.eval()
    with torch.no_grad():
        val = F.mse_loss(net(val_x), val_y).item()
    if val < best - 1e-4:
        best, bad, weights = val, 0, copy.deepcopy(net.state_dict())
    else:
        bad += 1
    epoch += 1
    if bad >= patience or epoch >= 500:
        break
net.load_state_dict(weights)
print(epoch, best)
