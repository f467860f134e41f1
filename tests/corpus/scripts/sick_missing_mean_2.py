# expect: missing_mean
def mean_squared_error(predicted, target):
    total = 0.0
    for z, y in zip(predicted, target):
        total += (z - y) ** 2
    return total


print(mean_squared_error([1.0, 2.0], [1.5, 2.5]))
