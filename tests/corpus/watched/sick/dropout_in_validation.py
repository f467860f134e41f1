"""批归一化与 dropout 在验证时仍为训练模式（函数写法）。"""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X = torch.randn(300, 6)
y = (X[:, 0] > 0).long()
训练 = DataLoader(TensorDataset(X[:200], y[:200]), batch_size=20, shuffle=True)
验证 = DataLoader(TensorDataset(X[200:], y[200:]), batch_size=50)
net = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 2))
优化器 = torch.optim.Adam(net.parameters(), lr=1e-2)
损失函数 = nn.CrossEntropyLoss()


def 准确率(loader):
    对 = 总 = 0
    with torch.no_grad():
        for xb, yb in loader:
            对 += (net(xb).argmax(1) == yb).sum().item()
            总 += len(yb)
    return 对 / 总


for epoch in range(8):
    for xb, yb in 训练:
        优化器.zero_grad()
        损失 = 损失函数(net(xb), yb)
        损失.backward()
        优化器.step()
    print(epoch, 准确率(验证))
