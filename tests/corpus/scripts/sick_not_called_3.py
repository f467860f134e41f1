# expect: not_called
import torch


class Trainer:
    def __init__(self, model, lr=0.1):
        self.model = model
        self.optimizer = torch.optim.SGD(model.parameters(), lr=lr)

    def fit(self, x, y, epochs):
        for _ in range(epochs):
            self.optimizer.zero_grad
            loss = torch.nn.functional.mse_loss(self.model(x), y)
            loss.backward()
            self.optimizer.step()


Trainer(torch.nn.Linear(2, 1)).fit(torch.randn(30, 2), torch.randn(30, 1), 20)
