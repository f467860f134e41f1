# expect: graph_cut
import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    @torch.no_grad()
    def forward(self, x):
        return self.fc(x)


net = Net()
opt = torch.optim.Adam(net.parameters())
x, y = torch.randn(10, 4), torch.randint(0, 2, (10,))
for i in range(5):
    opt.zero_grad()
    loss = nn.CrossEntropyLoss()(net(x), y)
    loss.backward()
    opt.step()
