# expect: not_shuffled
def sgd(xs, ys, rate=0.01, epochs=100):
    w = 0.0
    for epoch in range(epochs):
        for x, y in zip(xs, ys):
            w -= rate * 2 * x * (w * x - y)
    return w


print(sgd([1.0, 2.0, 3.0], [2.0, 4.0, 6.0]))
