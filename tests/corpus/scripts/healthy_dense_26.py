import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from sklearn.preprocessing import LabelEncoder, StandardScaler
from sklearn.model_selection import train_test_split
import pandas as pd
df = pd.read_csv("data.csv").dropna()
X = df.drop(columns=["label"]).values
y = LabelEncoder().fit_transform(df["label"])
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=.2, stratify=y, random_state=42)
sc = StandardScaler(); X_train = sc.fit_transform(X_train); X_test = sc.transform(X_test)
class DS(Dataset):
    def __init__(self, X, y): self.X = torch.tensor(X, dtype=torch.float32); self.y = torch.tensor(y, dtype=torch.long)
    def __len__(self): return len(self.X)
    def __getitem__(self, i): return self.X[i], self.y[i]
tr, te = DataLoader(DS(X_train, y_train), 32, shuffle=True), DataLoader(DS(X_test, y_test), 32)
net = nn.Sequential(nn.Linear(X_train.shape[1], 32), nn.ReLU(), nn.Dropout(.2), nn.Linear(32, len(set(y))))
opt, crit = torch.optim.Adam(net.parameters()), nn.CrossEntropyLoss()
for ep in range(5):
    net.train(); s = 0
    for xb, yb in tr:
        opt.zero_grad(); out = net(xb); loss = crit(out, yb); loss.backward(); opt.step(); s += loss.item()
    net.eval(); c = t = 0
    with torch.no_grad():
        for xb, yb in te:
            p = net(xb).argmax(1); c += (p == yb).sum().item(); t += yb.size(0)
    print(ep, s / len(tr), c / t)
