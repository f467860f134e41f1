import torch
from torch.utils.data import DataLoader, Dataset, random_split


class Toy(Dataset):
    def __init__(self, n=200):
        self.x = torch.randn(n, 3)
        self.y = (self.x.sum(dim=1, keepdim=True) > 0).float()

    def __len__(self):
        return len(self.x)

    def __getitem__(self, idx):
        return self.x[idx], self.y[idx]


class Trainer:
    def __init__(self, model, train_set, val_set, lr=1e-2, patience=3):
        self.model, self.patience = model, patience
        self.train_loader = DataLoader(train_set, batch_size=16, shuffle=True)
        self.val_loader = DataLoader(val_set, batch_size=64)
        self.criterion = torch.nn.BCEWithLogitsLoss()
        self.optimizer = torch.optim.Adam(model.parameters(), lr=lr)
        self.scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(self.optimizer, patience=1)
        self.history = {"train": [], "val": []}

    def _step(self, batch):
        x, y = batch
        return self.criterion(self.model(x), y)

    def train_epoch(self):
        self.model.train()
        total = 0.0
        for batch in self.train_loader:
            self.optimizer.zero_grad()
            loss = self._step(batch)
            loss.backward()
            self.optimizer.step()
            total += loss.item()
        return total / len(self.train_loader)

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        return sum(self._step(batch).item() for batch in self.val_loader) / len(self.val_loader)

    def fit(self, epochs):
        best, bad = float("inf"), 0
        for epoch in range(epochs):
            self.history["train"].append(self.train_epoch())
            self.history["val"].append(self.validate())
            self.scheduler.step(self.history["val"][-1])
            if self.history["val"][-1] < best:
                best, bad = self.history["val"][-1], 0
                torch.save(self.model.state_dict(), "best.pt")
            else:
                bad += 1
                if bad > self.patience:
                    break
        self.model.load_state_dict(torch.load("best.pt"))


full = Toy()
train_set, val_set = random_split(full, [160, 40])
Trainer(torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Dropout(0.1), torch.nn.ReLU(), torch.nn.Linear(8, 1)), train_set, val_set).fit(10)
