# expect: scaled_before_split
from sklearn.preprocessing import StandardScaler
from sklearn.model_selection import train_test_split
import pandas as pd, torch
df = pd.read_csv("d.csv")
X = df.drop("y", axis=1)
y = df["y"]
ss = StandardScaler()
ss.fit(X)
Xs = ss.transform(X)
a, b, c, d = train_test_split(Xs, y)
