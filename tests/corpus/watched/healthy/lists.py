"""Batch descent over three rows, with lists."""
xs = [1.0, 2.0, 3.0]
ys = [2.0, 4.0, 6.0]
w = 1.0
for epoch in range(60):
    cost = sum((w * x - y) ** 2 for x, y in zip(xs, ys)) / len(xs)
    grad = sum(2 * x * (w * x - y) for x, y in zip(xs, ys)) / len(xs)
    w -= 0.1 * grad
print(w)
