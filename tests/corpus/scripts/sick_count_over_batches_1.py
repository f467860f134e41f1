# expect: count_over_batches
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

test_loader = DataLoader(TensorDataset(torch.randn(100, 4), torch.randint(0, 3, (100,))), batch_size=20)
model = nn.Linear(4, 3)
model.eval()
correct = 0
with torch.no_grad():
    for xb, yb in test_loader:
        pred = model(xb).argmax(dim=1)
        correct += (pred == yb).sum().item()
print("accuracy:", correct / len(test_loader))
