# expect: two_orders
import torch
from torch.utils.data import DataLoader, TensorDataset

inputs, targets = torch.randn(300, 5), torch.randn(300, 1)
idx_x = torch.randperm(300)
idx_y = torch.randperm(300)
data = TensorDataset(inputs[idx_x], targets[idx_y])
model = torch.nn.Linear(5, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(5):
    for x, t in DataLoader(data, batch_size=10):
        opt.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), t)
        loss.backward()
        opt.step()
