"""T_max is the number of epochs, but the scheduler steps for every batch."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def main(epochs=6):
    torch.manual_seed(0)
    X = torch.randn(300, 5)
    loader = DataLoader(TensorDataset(X, X.sum(1, keepdim=True)), batch_size=20, shuffle=True)
    model = nn.Linear(5, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=6)
    mse = nn.MSELoss()

    def train_batch(xb, yb):
        optimizer.zero_grad()
        loss = mse(model(xb), yb)
        loss.backward()
        optimizer.step()
        schedule.step()
        return loss.item()

    for epoch in range(epochs):
        print(epoch, sum(train_batch(xb, yb) for xb, yb in loader) / len(loader))


if __name__ == "__main__":
    main()
