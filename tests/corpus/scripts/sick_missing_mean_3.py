# expect: missing_mean
xs, ys = [1.0, 2.0, 3.0], [2.0, 4.0, 6.0]
n = len(xs)


def mse(w):
    total = 0
    for i in range(n):
        total += (w * xs[i] - ys[i]) ** 2
    return total


print(mse(1.0))
