# expect: no_zero_grad
import torch
from torch import nn


class Trainer:
    def __init__(self, model):
        self.model = model
        self.optimizer = torch.optim.Adam(self.model.parameters())
        self.scaler = torch.cuda.amp.GradScaler()

    def step(self, batch):
        x, y = batch
        with torch.cuda.amp.autocast():
            loss = nn.functional.mse_loss(self.model(x), y)
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()

    def fit(self, loader, epochs):
        for _ in range(epochs):
            for batch in loader:
                self.step(batch)


Trainer(nn.Linear(3, 1)).fit([(torch.randn(4, 3), torch.randn(4, 1))], 10)
