import torch
import torch.nn as nn
import torch.nn.functional as F

X = torch.randn(120, 4)
y = torch.randint(0, 3, (120,))
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(200):
    logits = model(X)
    loss = F.cross_entropy(logits, y)
    opt.zero_grad(set_to_none=True)
    loss.backward()
    opt.step()
with torch.no_grad():
    probabilities = F.softmax(model(X), dim=1)
    accuracy = (probabilities.argmax(dim=1) == y).float().mean().item()
print(accuracy)
