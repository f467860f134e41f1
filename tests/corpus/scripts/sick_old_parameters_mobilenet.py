# expect: old_parameters
import torch
import torchvision
from torch import nn

model = torchvision.models.mobilenet_v2(weights="IMAGENET1K_V1")
for param in model.features.parameters():
    param.requires_grad = False
optimizer = torch.optim.Adam(model.classifier.parameters(), lr=1e-3)
model.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, 5))
criterion = nn.CrossEntropyLoss()


def train(loader, epochs):
    model.train()
    for epoch in range(epochs):
        total = 0.0
        for images, labels in loader:
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
            total += loss.item()
        print(epoch, total / len(loader))
