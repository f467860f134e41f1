from sklearn.datasets import make_moons
import torch
from torch import nn

X, y = make_moons(200, noise=0.2)
X, y = torch.FloatTensor(X), torch.FloatTensor(y).reshape(-1, 1)
d, k = 2, 1


class Net(nn.Module):
    def __init__(self, d, k):
        super().__init__()
        self.hidden = nn.Linear(d, 16)
        self.drop = nn.Dropout(0.1)
        self.out = nn.Linear(16, k)

    def forward(self, x):
        return self.out(self.drop(torch.relu(self.hidden(x))))


model = Net(d, k)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
history = []
for epoch in range(100):
    model.train()
    optimizer.zero_grad()
    loss = criterion(model(X), y)
    loss.backward()
    optimizer.step()
    history.append(loss.item())
print(history[-1])
