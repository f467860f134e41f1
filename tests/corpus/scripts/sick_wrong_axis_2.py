# expect: wrong_axis
import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 5)
        self.softmax = nn.Softmax(dim=0)

    def forward(self, x):
        return self.softmax(self.fc(x))


net = Net()
x, y = torch.randn(40, 8), torch.randint(0, 5, (40,))
opt = torch.optim.Adam(net.parameters())
for i in range(100):
    opt.zero_grad()
    p = net(x)
    loss = nn.functional.nll_loss(torch.log(p), y)
    loss.backward()
    opt.step()
