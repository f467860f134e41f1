import torch
from torch import nn
# truncated backpropagation, retained graph, several backward calls before a step
net = nn.Linear(3, 3); opt = torch.optim.SGD(net.parameters(), lr=.01)
losses = []
for epoch in range(5):
    opt.zero_grad()
    h = torch.zeros(1, 3)
    total = 0
    for t in range(4):
        h = torch.tanh(net(h) + 1)
        l = (h ** 2).mean()
        l.backward(retain_graph=True)
        total += l.detach()
    opt.step()
    losses.append(float(total))
