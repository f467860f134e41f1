# expect: test_rows_trained
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

train_loader = DataLoader(TensorDataset(torch.randn(80, 3), torch.randn(80, 1)), batch_size=16, shuffle=True)
test_loader = DataLoader(TensorDataset(torch.randn(20, 3), torch.randn(20, 1)), batch_size=16)
model = nn.Linear(3, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    for x, y in test_loader:
        opt.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        opt.step()
