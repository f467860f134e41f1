# expect: best_not_copied
import torch
import torch.nn.functional as F


def search(model, train_loader, val_loader, epochs=20):
    opt = torch.optim.Adam(model.parameters())
    best_acc = 0.0
    best_model = model
    for epoch in range(epochs):
        model.train()
        for x, y in train_loader:
            opt.zero_grad()
            F.cross_entropy(model(x), y).backward()
            opt.step()
        model.eval()
        right = total = 0
        with torch.no_grad():
            for x, y in val_loader:
                right += (model(x).argmax(1) == y).sum().item()
                total += len(y)
        if right / total > best_acc:
            best_acc = right / total
            best_model = model
    return best_model


batches = [(torch.randn(8, 4), torch.randint(0, 3, (8,)))]
search(torch.nn.Sequential(torch.nn.Linear(4, 3)), batches, batches)
