# expect: best_not_copied
import torch


class EarlyStopping:
    def __init__(self, patience=5):
        self.patience, self.best, self.wait, self.weights = patience, None, 0, None

    def step(self, value, model):
        if self.best is None or value < self.best:
            self.best, self.wait = value, 0
            self.weights = model.state_dict()
        else:
            self.wait += 1
        return self.wait >= self.patience


def train(model, optimizer, criterion, x, y, xv, yv):
    stopper = EarlyStopping()
    for epoch in range(200):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            val = criterion(model(xv), yv).item()
        if stopper.step(val, model):
            break
    model.load_state_dict(stopper.weights)


net = torch.nn.Linear(2, 1)
train(net, torch.optim.Adam(net.parameters()), torch.nn.MSELoss(), torch.randn(30, 2), torch.randn(30, 1), torch.randn(9, 2), torch.randn(9, 1))
