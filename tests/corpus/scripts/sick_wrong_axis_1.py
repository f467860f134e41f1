# expect: wrong_axis
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

X, y = torch.randn(120, 4), torch.randint(0, 3, (120,))
loader = DataLoader(TensorDataset(X, y), batch_size=20, shuffle=True)
model = nn.Linear(4, 3)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(10):
    right = 0
    for xb, yb in loader:
        opt.zero_grad()
        out = model(xb)
        nn.functional.cross_entropy(out, yb).backward()
        opt.step()
        right += (out.argmax(dim=0) == yb).sum().item()
    print(epoch, right)
