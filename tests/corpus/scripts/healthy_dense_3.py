import torch
from torch import nn
# eval before, train at the top of the epoch
net = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.2), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.Adam(net.parameters())
X_train, y_train, X_val, y_val = torch.randn(50, 4), torch.randn(50, 1), torch.randn(9, 4), torch.randn(9, 1)
def evaluate():
    was = net.training
    net.eval()
    with torch.no_grad():
        v = nn.functional.mse_loss(net(X_val), y_val).item()
    net.train(was)
    return v
for epoch in range(10):
    opt.zero_grad()
    loss = nn.functional.mse_loss(net(X_train), y_train)
    loss.backward()
    opt.step()
    print(evaluate())
