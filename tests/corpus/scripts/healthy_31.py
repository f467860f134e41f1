"""An exponential average of the loss, and searching returns."""
import random

rows = [(1.0, 2.0), (2.0, 4.0), (3.0, 6.0)]


def first_bad(w, limit):
    for x, y in rows:
        if abs(w * x - y) > limit:
            return x
    return None


def last_row(rows):
    last = 0
    for row in rows:
        last = row
    return last


def mean_loss(w):
    return sum((w * x - y) ** 2 for x, y in rows) / len(rows)


w, smooth = 0.0, 0.0
for epoch in range(100):
    random.shuffle(rows)
    for x, y in rows:
        loss = (w * x - y) ** 2
        smooth = 0.9 * smooth + 0.1 * loss
        w -= 0.02 * x * (w * x - y)
    print(epoch, smooth, mean_loss(w))
print(first_bad(w, 0.1), last_row(rows))
