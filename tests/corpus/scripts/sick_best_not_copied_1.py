# expect: best_not_copied
import torch
from torch import nn

model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
X_train, y_train = torch.randn(80, 3), torch.randn(80, 1)
X_val, y_val = torch.randn(20, 3), torch.randn(20, 1)
best_loss, best_state = float("inf"), None
for epoch in range(100):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(X_train), y_train)
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        val_loss = nn.functional.mse_loss(model(X_val), y_val).item()
    if val_loss < best_loss:
        best_loss = val_loss
        best_state = model.state_dict()
model.load_state_dict(best_state)
