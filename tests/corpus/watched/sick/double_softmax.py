import torch
from sklearn.datasets import make_classification
from torch import nn

torch.manual_seed(0)
X, y = make_classification(n_samples=400, n_features=4, n_informative=2, n_redundant=0, random_state=42)
X, y = torch.tensor(X).float(), torch.tensor(y).long()


class Softmax(nn.Module):
    def __init__(self):
        super().__init__()
        self.scores = nn.Linear(4, 3)

    def forward(self, x):
        return torch.softmax(self.scores(x), dim=1)


model, criterion = Softmax(), nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(300):
    out = model(X)
    loss = criterion(out, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
