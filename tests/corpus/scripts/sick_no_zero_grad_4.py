# expect: no_zero_grad
import torch
import torch.nn.functional as F


def train_step(net, opt, x, y):
    loss = F.cross_entropy(net(x), y)
    loss.backward()
    opt.step()
    return loss.item()


net = torch.nn.Linear(4, 3)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
batches = [(torch.randn(8, 4), torch.randint(0, 3, (8,))) for _ in range(10)]
for epoch in range(5):
    total = 0.0
    for x, y in batches:
        total += train_step(net, opt, x, y)
    print(total / len(batches))
