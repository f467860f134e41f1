"""ExponentialLR with a factor that is meant for batches, cosine with T_max in batches, warm-up by LambdaLR."""
import torch
from torch import nn
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X = torch.randn(240, 4)
loader = DataLoader(TensorDataset(X, X.sum(1, keepdim=True)), batch_size=24, shuffle=True)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
warm = lr_scheduler.LambdaLR(optimizer, lambda k: min(1.0, (k + 1) / 10))
cosine = lr_scheduler.CosineAnnealingLR(optimizer, T_max=10 * len(loader))
for epoch in range(10):
    for xb, yb in loader:
        loss = nn.functional.mse_loss(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        warm.step() if epoch == 0 else cosine.step()
print(loss.item())
