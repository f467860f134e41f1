import pandas as pd
import torch
from torch import nn

df = pd.read_csv("rows.csv")
X = torch.from_numpy(df.iloc[:, :-1].to_numpy()).float()
y = torch.from_numpy(df.iloc[:, -1].to_numpy()).float().unsqueeze(1)
d, k = X.shape[1], 1


class Net(nn.Module):
    def __init__(self, d, k):
        super().__init__()
        self.hidden = nn.Linear(d, 16)
        self.drop = nn.Dropout(0.1)
        self.out = nn.Linear(16, k)

    def forward(self, x):
        return self.out(self.drop(torch.relu(self.hidden(x))))


model = Net(d, k)
criterion = nn.MSELoss()
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
