# expect: one_row
x_data = [1.0, 2.0, 3.0]
y_data = [2.0, 4.0, 6.0]
w = 1.0


def cost(xs, ys):
    cost = 0
    for x, y in zip(xs, ys):
        cost = (x * w - y) ** 2
    return cost / len(xs)


def gradient(xs, ys):
    grad = 0
    for x, y in zip(xs, ys):
        grad = 2 * x * (x * w - y)
    return grad / len(xs)


for epoch in range(100):
    print(cost(x_data, y_data))
    w -= 0.01 * gradient(x_data, y_data)
