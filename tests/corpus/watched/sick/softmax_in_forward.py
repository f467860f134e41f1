"""F.softmax in forward, F.cross_entropy outside; DataLoader."""
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(5, 3)

    def forward(self, x):
        x = self.fc(x)
        return F.softmax(x, dim=-1)


torch.manual_seed(0)
X = torch.randn(240, 5)
y = X[:, :3].argmax(1)
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.5)
for epoch in range(10):
    for xb, yb in DataLoader(TensorDataset(X, y), batch_size=24, shuffle=True):
        opt.zero_grad()
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        opt.step()
print(loss.item())
