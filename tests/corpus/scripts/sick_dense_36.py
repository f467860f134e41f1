# expect: test_rows_trained
import torch
from torch import nn
X = torch.randn(100, 3); y = torch.randn(100, 1)
X_train, X_test = X[:80], X[80:]; y_train, y_test = y[:80], y[80:]
net = nn.Linear(3, 1); o = torch.optim.SGD(net.parameters(), lr=.1)
for e in range(100):
    p = net(X_test)
    l = ((p - y_test) ** 2).mean()
    o.zero_grad(); l.backward(); o.step()
