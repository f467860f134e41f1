# expect: not_called
import torch
net = torch.nn.Linear(1,1); opt = torch.optim.SGD(net.parameters(), .1)
x = torch.randn(9,1)
for i in range(9):
    opt.zero_grad(); loss = (net(x)-x).pow(2).mean(); loss.backward(); opt.step
