# expect: no_train
import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Dropout(0.3), nn.Linear(32, 1))
opt = torch.optim.Adam(model.parameters())
X_train, y_train = torch.randn(80, 4), torch.randn(80, 1)
X_val, y_val = torch.randn(20, 4), torch.randn(20, 1)
for epoch in range(100):
    opt.zero_grad()
    loss = nn.functional.mse_loss(model(X_train), y_train)
    loss.backward()
    opt.step()
    model.eval()
    with torch.no_grad():
        print(epoch, nn.functional.mse_loss(model(X_val), y_val).item())
