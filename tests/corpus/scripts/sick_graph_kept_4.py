# expect: graph_kept
import torch


def train(model, loader, criterion, optimizer):
    model.train()
    running_loss = 0.0
    for inputs, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        running_loss = running_loss + loss * inputs.size(0)
    return running_loss / len(loader.dataset)
