# expect: broadcast
from torch import linspace, nn, optim
from torch.utils.data import DataLoader, TensorDataset

inputs = linspace(-1, 1, 64).reshape(-1, 1)
targets = linspace(0, 5, 64)
loader = DataLoader(TensorDataset(inputs, targets), batch_size=8, shuffle=True)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(1, 5)
        self.b = nn.Linear(5, 1)

    def forward(self, x):
        return self.b(nn.functional.relu(self.a(x)))


net = Net()
opt = optim.Adam(net.parameters())
for epoch in range(10):
    for xb, yb in loader:
        loss = nn.functional.mse_loss(net(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
