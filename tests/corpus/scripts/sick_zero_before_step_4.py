# expect: zero_before_step
import torch


def optimize(optimizer, loss):
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()


net = torch.nn.Linear(2, 2)
opt = torch.optim.Adam(net.parameters())
for i in range(50):
    optimize(opt, torch.nn.functional.cross_entropy(net(torch.randn(5, 2)), torch.randint(0, 2, (5,))))
