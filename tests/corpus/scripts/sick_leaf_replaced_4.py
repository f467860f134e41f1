# expect: leaf_replaced
import torch

net = torch.nn.Linear(3, 1)
x, y = torch.randn(20, 3), torch.randn(20, 1)
for epoch in range(50):
    net.zero_grad()
    loss = (net(x) - y).pow(2).mean()
    loss.backward()
    with torch.no_grad():
        for p in net.parameters():
            p = p - 0.01 * p.grad
