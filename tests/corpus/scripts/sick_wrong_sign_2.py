# expect: wrong_sign
"""The gradient is already minus the slope."""
x_data = [1.0, 2.0, 3.0]
y_data = [2.0, 4.0, 6.0]


def gradient(w, xs, ys):
    total = 0
    for x, y in zip(xs, ys):
        total += 2 * x * (y - x * w)
    return total / len(xs)


w = 1.0
for epoch in range(100):
    w = w - 0.01 * gradient(w, x_data, y_data)
