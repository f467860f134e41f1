"""OneCycleLR, stepped after each batch as it is meant; argparse and main."""
import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--lr", type=float, default=0.1)
    args = parser.parse_args()
    torch.manual_seed(0)
    X = torch.randn(320, 6)
    Y = (X.sum(1) > 0).float()
    loader = DataLoader(TensorDataset(X, Y), batch_size=32, shuffle=True)
    model = nn.Linear(6, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=args.lr, epochs=args.epochs, steps_per_epoch=len(loader))
    criterion = nn.BCEWithLogitsLoss()
    for epoch in range(args.epochs):
        total = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = criterion(model(xb).squeeze(1), yb)
            loss.backward()
            optimizer.step()
            scheduler.step()
            total += loss.item()
        print(epoch, total / len(loader), scheduler.get_last_lr())


if __name__ == "__main__":
    main()
