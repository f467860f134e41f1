# expect: dropout_always_on
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(20, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = F.dropout(x, 0.5)
        return self.fc2(x)


net = Net()
opt = torch.optim.Adam(net.parameters())
x, y = torch.randn(16, 20), torch.randint(0, 10, (16,))
for _ in range(5):
    net.train()
    opt.zero_grad()
    F.cross_entropy(net(x), y).backward()
    opt.step()
net.eval()
with torch.no_grad():
    print(net(x).argmax(1))
