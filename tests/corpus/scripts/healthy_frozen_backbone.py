import torch
from torch import nn

backbone = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
backbone.eval()
head = nn.Linear(8, 2)
opt = torch.optim.SGD(head.parameters(), lr=0.1)
for images, labels in [(torch.randn(4, 3, 32, 32), torch.randint(0, 2, (4,)))] * 5:
    with torch.no_grad():
        features = backbone(images)
    loss = nn.functional.cross_entropy(head(features), labels)
    opt.zero_grad()
    loss.backward()
    opt.step()
