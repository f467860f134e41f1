# expect: no_eval
import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 1))
X_train, y_train = torch.randn(80, 4), torch.randn(80, 1)
X_test, y_test = torch.randn(20, 4), torch.randn(20, 1)
opt = torch.optim.Adam(model.parameters())
for epoch in range(100):
    opt.zero_grad()
    loss = nn.functional.mse_loss(model(X_train), y_train)
    loss.backward()
    opt.step()
with torch.no_grad():
    error = nn.functional.mse_loss(model(X_test), y_test)
print(error.item())
