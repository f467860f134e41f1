# expect: one_row
x_data = [1.0, 2.0, 3.0]
y_data = [2.0, 4.0, 6.0]
n = len(x_data)


def loss(w):
    total = 0.0
    for i in range(n):
        total = (w * x_data[i] - y_data[i]) ** 2
    return total / n


print(loss(1.0))
