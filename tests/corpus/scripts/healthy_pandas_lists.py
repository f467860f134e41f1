import pandas as pd

df = pd.read_csv("houses.csv")
xs = df["area"].tolist()
ys = df["price"].tolist()
mean, sd = sum(xs) / len(xs), (max(xs) - min(xs)) or 1.0
xs = [(x - mean) / sd for x in xs]
w, b, lr = 0.0, 0.0, 0.1
n = len(xs)
for epoch in range(200):
    gw = gb = 0.0
    for x, y in zip(xs, ys):
        e = w * x + b - y
        gw += 2 * e * x / n
        gb += 2 * e / n
    w -= lr * gw
    b -= lr * gb
print(w, b)
