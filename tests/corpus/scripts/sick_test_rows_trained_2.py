# expect: test_rows_trained
import torch
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

X, y = load_wine(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=0)
X_train, X_test = (torch.tensor(a, dtype=torch.float32) for a in (X_train, X_test))
y_train, y_test = torch.tensor(y_train), torch.tensor(y_test)
net = torch.nn.Sequential(torch.nn.BatchNorm1d(13), torch.nn.Linear(13, 3))
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(100):
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(net(X_test), y_test)
    loss.backward()
    optimizer.step()
