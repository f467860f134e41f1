# expect: count_over_batches
import torch
from torch.utils.data import DataLoader, TensorDataset

val_dl = DataLoader(TensorDataset(torch.randn(64, 2), torch.randint(0, 2, (64,)).float()), batch_size=8)
net = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Sigmoid())
net.eval()
hits = 0.0
n_batches = len(val_dl)
with torch.no_grad():
    for x, y in val_dl:
        p = net(x).squeeze(1)
        hits += ((p > 0.5).float() == y).float().sum()
print(hits / n_batches)
