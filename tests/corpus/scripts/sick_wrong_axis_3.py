# expect: wrong_axis
import torch
import torch.nn as nn


def accuracy(model, loader):
    model.eval()
    hits, n = 0, 0
    with torch.no_grad():
        for images, labels in loader:
            outputs = model(images)
            _, predicted = torch.max(outputs, 0)
            n += labels.size(0)
            hits += (predicted == labels).sum().item()
    return hits / n


def train(model, loader, optimizer):
    model.train()
    criterion = nn.CrossEntropyLoss()
    for images, labels in loader:
        optimizer.zero_grad()
        outputs = model(images)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()


model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
batches = [(torch.randn(16, 1, 28, 28), torch.randint(0, 10, (16,)))]
train(model, batches, torch.optim.SGD(model.parameters(), lr=0.1))
print(accuracy(model, batches))
