# expect: no_step
import torch


def train(model, data, optimizer):
    for x, y in data:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(x), y)
        loss.backward()


net = torch.nn.Linear(3, 2)
opt = torch.optim.Adam(net.parameters())
for epoch in range(10):
    train(net, [(torch.randn(4, 3), torch.randint(0, 2, (4,)))], opt)
