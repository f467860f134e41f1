# expect: scheduler_each_batch
import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau


def train(net, batches, num_epochs=50):
    opt = torch.optim.Adam(net.parameters(), lr=1e-3)
    plateau = ReduceLROnPlateau(opt, "min", patience=3)
    for epoch in range(num_epochs):
        for i, (x, y) in enumerate(batches):
            opt.zero_grad()
            loss = torch.nn.functional.mse_loss(net(x), y)
            loss.backward()
            opt.step()
            plateau.step(loss.item())
            if i % 100 == 0:
                print(epoch, i)


train(torch.nn.Linear(2, 1), [(torch.randn(8, 2), torch.randn(8, 1))] * 10)
