"""Lists and floats: a rate so large that Python itself stops."""
xs = [10.0, 20.0, 30.0]
ys = [25.0, 45.0, 65.0]
w, b = 0.0, 0.0
for i in range(2000):
    cost = sum((w * x + b - y) ** 2 for x, y in zip(xs, ys)) / 3
    dw = sum(2 * (w * x + b - y) * x for x, y in zip(xs, ys)) / 3
    db = sum(2 * (w * x + b - y) for x, y in zip(xs, ys)) / 3
    w -= 0.1 * dw
    b -= 0.1 * db
