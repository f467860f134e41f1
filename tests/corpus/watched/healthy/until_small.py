"""A while loop that ends by its own gradient."""
x, y = 4.0, -3.0
lr = 0.1
steps = 0
while True:
    f = (x - 1) ** 2 + 2 * (y + 1) ** 2
    dx, dy = 2 * (x - 1), 4 * (y + 1)
    x -= lr * dx
    y -= lr * dy
    steps += 1
    if abs(dx) + abs(dy) < 1e-9 or steps > 1000:
        break
print(x, y, steps)
