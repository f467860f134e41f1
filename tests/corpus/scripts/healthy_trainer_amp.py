from dataclasses import dataclass
import copy
import torch
from torch import nn


@dataclass
class Config:
    lr: float = 3e-4
    epochs: int = 20
    clip: float = 1.0
    accumulate: int = 4
    patience: int = 3


class Trainer:
    def __init__(self, model, train_loader, val_loader, config, device="cuda"):
        self.model = model.to(device)
        self.train_loader = train_loader
        self.val_loader = val_loader
        self.config = config
        self.device = device
        self.criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=config.lr)
        self.scaler = torch.cuda.amp.GradScaler()
        self.history = {"train": [], "val": []}
        self.best_state = None
        self.best_loss = float("inf")

    def _step(self, batch):
        inputs, targets = (t.to(self.device, non_blocking=True) for t in batch)
        with torch.autocast("cuda"):
            logits = self.model(inputs)
            return self.criterion(logits, targets), logits

    def train_epoch(self):
        self.model.train()
        total = 0.0
        self.optimizer.zero_grad()
        for i, batch in enumerate(self.train_loader):
            loss, _ = self._step(batch)
            self.scaler.scale(loss / self.config.accumulate).backward()
            total += loss.detach().item()
            if (i + 1) % self.config.accumulate == 0:
                self.scaler.unscale_(self.optimizer)
                nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
                self.scaler.step(self.optimizer)
                self.scaler.update()
                self.optimizer.zero_grad()
        return total / len(self.train_loader)

    def validate(self):
        self.model.eval()
        losses = []
        with torch.no_grad():
            for batch in self.val_loader:
                loss, _ = self._step(batch)
                losses.append(loss.item())
        return sum(losses) / len(losses)

    def fit(self):
        bad = 0
        for epoch in range(self.config.epochs):
            tr, va = self.train_epoch(), self.validate()
            self.history["train"].append(tr)
            self.history["val"].append(va)
            if va < self.best_loss:
                self.best_loss, bad = va, 0
                self.best_state = copy.deepcopy(self.model.state_dict())
            else:
                bad += 1
                if bad >= self.config.patience:
                    print(f"early stop at {epoch}")
                    break
        self.model.load_state_dict(self.best_state)
        return self.history
