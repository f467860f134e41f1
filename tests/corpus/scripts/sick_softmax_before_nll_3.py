# expect: softmax_before_nll
import torch
from torch import nn

net = nn.Linear(4, 2)
loss_fn = nn.NLLLoss()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for x, y in [(torch.randn(6, 4), torch.randint(0, 2, (6,)))] * 20:
    opt.zero_grad()
    loss = loss_fn(net(x), y)
    loss.backward()
    opt.step()
