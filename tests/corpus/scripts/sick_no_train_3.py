# expect: no_train
import torch


class Trainer:
    def __init__(self, model, lr):
        self.model = model
        self.opt = torch.optim.SGD(model.parameters(), lr=lr)

    def fit(self, train_x, train_y, val_x, val_y, epochs):
        self.model.train()
        for epoch in range(epochs):
            self.opt.zero_grad()
            loss = torch.nn.functional.cross_entropy(self.model(train_x), train_y)
            loss.backward()
            self.opt.step()
            self.evaluate(val_x, val_y)

    @torch.no_grad()
    def evaluate(self, x, y):
        self.model.eval()
        print((self.model(x).argmax(dim=1) == y).float().mean().item())


net = torch.nn.Sequential(torch.nn.Linear(5, 10), torch.nn.BatchNorm1d(10), torch.nn.ReLU(), torch.nn.Linear(10, 2))
Trainer(net, 0.1).fit(torch.randn(40, 5), torch.randint(0, 2, (40,)), torch.randn(10, 5), torch.randint(0, 2, (10,)), 9)
