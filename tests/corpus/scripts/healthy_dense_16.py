import torch
from torch import nn
# k outputs, float targets of the same shape: soft labels
net = nn.Linear(4, 3); opt = torch.optim.SGD(net.parameters(), lr=.1)
X = torch.randn(20, 4); soft = torch.softmax(torch.randn(20, 3), dim=1)
for _ in range(5):
    opt.zero_grad(); nn.functional.cross_entropy(net(X), soft).backward(); opt.step()
onehot = nn.functional.one_hot(torch.randint(0, 3, (20,)), 3).float()
for _ in range(5):
    opt.zero_grad(); nn.CrossEntropyLoss()(net(X), onehot).backward(); opt.step()
