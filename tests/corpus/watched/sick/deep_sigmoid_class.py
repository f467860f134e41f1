"""Seven sigmoid layers in a class (层数太深的 sigmoid 网络)."""
import torch
from torch import nn


class Deep(nn.Module):
    def __init__(self, width=20, depth=7):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.out = nn.Linear(width, 1)

    def forward(self, x):
        for layer in self.layers:
            x = torch.sigmoid(layer(x))
        return self.out(x)


def train():
    torch.manual_seed(0)
    X = torch.randn(256, 20)
    y = X[:, :1]
    model = Deep()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(150):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(X), y)
        loss.backward()
        optimizer.step()
    return loss.item()


print(train())
