import torch
from sklearn.datasets import make_classification
from torch import nn

torch.manual_seed(2)
X, y = make_classification(n_samples=500, n_features=4, n_informative=2, n_redundant=0, random_state=42)
X = torch.tensor(X, dtype=torch.float32)
y = torch.tensor(y, dtype=torch.float32)[:, None]
net = nn.Sequential(nn.Linear(4, 10), nn.Sigmoid(), nn.Linear(10, 1), nn.Sigmoid())
bce = nn.BCELoss()
sgd = torch.optim.SGD(net.parameters(), lr=0.5)
for epoch in range(1, 401):
    loss = bce(net(X), y)
    sgd.zero_grad()
    loss.backward()
    sgd.step()
    if epoch % 100 == 0:
        print(f"epoch {epoch}: {loss.item():.4f}")
