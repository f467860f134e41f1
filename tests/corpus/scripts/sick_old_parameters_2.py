# expect: old_parameters
import torch
import torchvision
from torch import nn, optim

model = torchvision.models.resnet18(weights="DEFAULT")
optimizer = optim.Adam(model.parameters(), lr=1e-4)
model.fc = nn.Linear(512, 5)
criterion = nn.CrossEntropyLoss()
for images, labels in [(torch.randn(4, 3, 64, 64), torch.randint(0, 5, (4,)))]:
    optimizer.zero_grad()
    loss = criterion(model(images), labels)
    loss.backward()
    optimizer.step()
