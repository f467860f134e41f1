# expect: softmax_before_cross_entropy
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.fc1 = nn.Linear(784, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = x.view(-1, 784)
        x = F.relu(self.fc1(x))
        return F.softmax(self.fc2(x), dim=1)


net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
for images, labels in [(torch.randn(5, 784), torch.randint(0, 10, (5,)))]:
    optimizer.zero_grad()
    out = net(images)
    loss = F.cross_entropy(out, labels)
    loss.backward()
    optimizer.step()
