"""The loader of the test rows need not be shuffled."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

X = torch.cat([torch.randn(200, 2) - 2, torch.randn(200, 2) + 2])
y = torch.tensor([0] * 200 + [1] * 200)
train_loader = DataLoader(TensorDataset(X, y), batch_size=20, shuffle=True)
test_loader = DataLoader(TensorDataset(X, y), batch_size=20, shuffle=False)
model = nn.Linear(2, 2)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    running_loss = 0.0
    for inputs, labels in train_loader:
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    print(f"[{epoch + 1}] loss: {running_loss / len(train_loader):.3f}")
correct = total = 0
with torch.no_grad():
    for images, labels in test_loader:
        _, predicted = torch.max(model(images).data, 1)
        total += labels.size(0)
        correct += (predicted == labels).sum().item()
print(correct / total)
