# expect: not_called
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset


def train_one_epoch(model, loader, loss_fn, optimizer):
    model.train()
    for xb, yb in loader:
        optimizer.zero_grad()
        loss_fn(model(xb), yb).backward()
        optimizer.step


net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
data = TensorDataset(torch.randn(90, 4), torch.randint(0, 3, (90,)))
opt = optim.Adam(net.parameters())
for epoch in range(5):
    train_one_epoch(net, DataLoader(data, 16, shuffle=True), nn.CrossEntropyLoss(), opt)
