"""A trainer class, validation included."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split


class Net(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(10, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Linear(hidden, 1),
        )

    def forward(self, x):
        return self.layers(x)


class Trainer:
    def __init__(self, model, lr):
        self.model = model
        self.criterion = nn.BCEWithLogitsLoss()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=lr)

    def train_epoch(self, loader):
        self.model.train()
        running = 0.0
        for xb, yb in loader:
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(xb), yb)
            loss.backward()
            self.optimizer.step()
            running += loss.item() * len(xb)
        return running / len(loader.dataset)

    @torch.no_grad()
    def evaluate(self, loader):
        self.model.eval()
        right = count = 0
        for xb, yb in loader:
            right += ((self.model(xb) > 0).float() == yb).sum().item()
            count += len(xb)
        return right / count


data = TensorDataset(torch.randn(500, 10), torch.randint(0, 2, (500, 1)).float())
train_set, val_set = random_split(data, [400, 100])
trainer = Trainer(Net(), 1e-3)
for epoch in range(5):
    print(epoch, trainer.train_epoch(DataLoader(train_set, 32, shuffle=True)))
print(trainer.evaluate(DataLoader(val_set, 64)))
