"""A frozen backbone under no_grad; only the new head learns."""
import torch
from torch import nn

torch.manual_seed(0)
backbone = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 16))
backbone.eval()
for p in backbone.parameters():
    p.requires_grad = False
head = nn.Linear(16, 2)
X = torch.randn(200, 10)
y = (X[:, 0] > 0).long()
optimizer = torch.optim.Adam(head.parameters(), lr=0.02)
for step in range(150):
    with torch.no_grad():
        features = backbone(X)
    scores = head(features)
    loss = nn.functional.cross_entropy(scores, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
