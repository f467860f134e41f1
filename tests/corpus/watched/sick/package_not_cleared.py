"""Training functions in a package: the gradient is never cleared."""
import torch
from torch.utils.data import DataLoader, TensorDataset

from engine.fit import evaluate, train_epoch

torch.manual_seed(0)
X = torch.randn(400, 4)
y = X.sum(1)
train = DataLoader(TensorDataset(X[:300], y[:300]), batch_size=30, shuffle=True)
test = DataLoader(TensorDataset(X[300:], y[300:]), batch_size=50)
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(10):
    print(epoch, train_epoch(model, train, optimizer), evaluate(model, test))
