# expect: scheduler_before_optimizer
import torch
from torch.optim import lr_scheduler


def train(model, loader, epochs):
    criterion = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    exp_lr = lr_scheduler.ExponentialLR(optimizer, 0.95)
    for epoch in range(epochs):
        exp_lr.step()
        for inputs, labels in loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), labels)
            loss.backward()
            optimizer.step()


train(torch.nn.Linear(3, 2), [(torch.randn(4, 3), torch.randint(0, 2, (4,)))], 5)
