import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
# test accuracy as the mean of batch means
loader = DataLoader(TensorDataset(torch.randn(64, 3), torch.randint(0, 2, (64,))), batch_size=8)
net = nn.Linear(3, 2).eval()
acc = 0.0
with torch.no_grad():
    for x, y in loader:
        acc += (net(x).argmax(1) == y).float().mean().item()
print(acc / len(loader))
