"""One row after the other, shuffled by hand."""
import random

random.seed(3)
data = [(x / 10, 3 * x / 10 + 1) for x in range(20)]
w, b, rate = 0.0, 0.0, 0.05
for epoch in range(80):
    random.shuffle(data)
    for x, y in data:
        error = w * x + b - y
        loss = error * error
        w = w - rate * 2 * error * x
        b = b - rate * 2 * error
print(w, b)
