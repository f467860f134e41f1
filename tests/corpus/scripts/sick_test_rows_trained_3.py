# expect: test_rows_trained
import torch
import torch.nn.functional as F


def train(model, loader, optimizer, epochs):
    for epoch in range(epochs):
        for xb, yb in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(xb), yb).backward()
            optimizer.step()


train_batches = [(torch.randn(8, 4), torch.randint(0, 2, (8,))) for _ in range(9)]
val_batches = [(torch.randn(8, 4), torch.randint(0, 2, (8,))) for _ in range(2)]
model = torch.nn.Linear(4, 2)
train(model, val_batches, torch.optim.SGD(model.parameters(), lr=0.1), 5)
