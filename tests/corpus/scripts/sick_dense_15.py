# expect: old_parameters
import torch
from torch import nn
from torchvision.models import resnet34
def build():
    net = resnet34(pretrained=True)
    opt = torch.optim.SGD(net.parameters(), lr=.01)
    net.fc = nn.Linear(net.fc.in_features, 7)
    return net, opt
net, opt = build()
for x, y in [(torch.randn(2, 3, 32, 32), torch.randint(0, 7, (2,)))]:
    opt.zero_grad(); nn.functional.cross_entropy(net(x), y).backward(); opt.step()
