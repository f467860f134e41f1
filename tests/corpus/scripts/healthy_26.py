"""Comprehensions, walrus, globals, decorators: every name is defined."""
import functools
import math
import sys

counter = 0


def timed(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        global counter, last
        counter += 1
        last = function(*args, **kwargs)
        return last

    return inner


@timed
def cost(w, rows):
    return sum((w * x - y) ** 2 for x, y in rows) / len(rows)


class Descent:
    rate = 0.1

    def __init__(self, rows):
        self.rows = rows

    def gradient(self, w):
        return sum(2 * x * (w * x - y) for x, y in self.rows) / len(self.rows)

    def run(self, w=0.0, *, steps: "int" = 50):
        for _ in range(steps):
            if (g := self.gradient(w)) and math.isfinite(g):
                w -= self.rate * g
        return w


if __name__ == "__main__":
    rows = [(float(i), 2.0 * i) for i in range(1, 4)]
    w = Descent(rows).run()
    squares = {i: [j * i for j in range(i)] for i in range(3)}
    try:
        print(cost(w, rows), counter, last, squares, file=sys.stderr)
    except OSError as error:
        print(error)
    *head, tail = rows
    match tail:
        case (x, y):
            print(x, y, head, __file__)
