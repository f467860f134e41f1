# expect: class_targets
import torch
import pandas as pd
from torch import nn
df = pd.read_csv("iris.csv")
X = torch.tensor(df.iloc[:, :4].values, dtype=torch.float32)
y = torch.tensor(df["species"].values, dtype=torch.float32)
net = nn.Linear(4, 3)
opt = torch.optim.SGD(net.parameters(), lr=.1)
lossf = nn.CrossEntropyLoss()
for _ in range(10):
    opt.zero_grad(); lossf(net(X), y).backward(); opt.step()
