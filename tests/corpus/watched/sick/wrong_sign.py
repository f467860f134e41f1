xs = [1.0, 2.0, 3.0]
ys = [2.0, 4.0, 6.0]
w = 1.0
rate = 0.01
for epoch in range(100):
    cost = sum((w * x - y) ** 2 for x, y in zip(xs, ys)) / 3
    grad = sum(2 * x * (w * x - y) for x, y in zip(xs, ys)) / 3
    w = w + rate * grad
print(w, cost)
