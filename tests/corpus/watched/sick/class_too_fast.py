class Model:
    def __init__(self, lr):
        self.lr = lr
        self.w = 0.0
        self.b = 0.0

    def fit(self, xs, ys, epochs):
        n = len(xs)
        for _ in range(epochs):
            errors = [self.w * x + self.b - y for x, y in zip(xs, ys)]
            loss = sum(e * e for e in errors) / n
            gw = 2 * sum(e * x for e, x in zip(errors, xs)) / n
            gb = 2 * sum(errors) / n
            self.w -= self.lr * gw
            self.b -= self.lr * gb
        return loss


model = Model(lr=0.2)
print(model.fit([1.0, 2.0, 3.0, 4.0], [3.0, 5.0, 7.0, 9.0], 120))
