"""Fine-tuning: only the head is given to the optimizer, the backbone is left as it is."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(10, 32), nn.ReLU())
        self.head = nn.Linear(32, 3)

    def forward(self, x):
        return self.head(self.backbone(x))


X = torch.randn(300, 10)
y = X[:, :3].argmax(1)
dl = DataLoader(TensorDataset(X, y), batch_size=30, shuffle=True)
net = Net()
optimizer = torch.optim.SGD(net.head.parameters(), lr=0.1, momentum=0.9)
loss_fn = nn.CrossEntropyLoss()
for epoch in range(10):
    for xb, yb in dl:
        loss = loss_fn(net(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
print(loss.item())
