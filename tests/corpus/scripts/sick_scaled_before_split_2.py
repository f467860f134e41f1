# expect: scaled_before_split
import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler

df = pd.read_csv("houses.csv")
features = df[["area", "rooms"]].values
target = df["price"].values
features_scaled = MinMaxScaler().fit_transform(features)
X_tr, X_te, y_tr, y_te = train_test_split(features_scaled, target, test_size=0.25)
w = np.zeros(2)
for _ in range(1000):
    w -= 0.01 * 2 * X_tr.T @ (X_tr @ w - y_tr) / len(y_tr)
print(np.mean((X_te @ w - y_te) ** 2))
