# expect: softmax_before_cross_entropy
from torch import nn, optim, randint, randn, softmax


def train(model, criterion, x, y):
    opt = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(20):
        opt.zero_grad()
        scores = model(x)
        probabilities = softmax(scores, dim=1)
        loss = criterion(probabilities, y)
        loss.backward()
        opt.step()


train(nn.Linear(4, 3), nn.CrossEntropyLoss(), randn(9, 4), randint(0, 3, (9,)))
