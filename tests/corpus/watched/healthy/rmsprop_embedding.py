"""Words as embeddings, RMSprop."""
import torch
from torch import nn

torch.manual_seed(0)
words = torch.randint(0, 30, (400, 3))
labels = (words.sum(dim=1) % 2).long()
model = nn.Sequential(nn.Embedding(30, 8), nn.Flatten(), nn.Linear(24, 32), nn.Tanh(), nn.Linear(32, 2))
optimizer = torch.optim.RMSprop(model.parameters(), lr=3e-3)
criterion = nn.CrossEntropyLoss()
for epoch in range(12):
    for rows in torch.randperm(400).split(32):
        optimizer.zero_grad()
        loss = criterion(model(words[rows]), labels[rows])
        loss.backward()
        optimizer.step()
print(loss.item())
