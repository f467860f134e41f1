# expect: one_row
def loss(w, rows):
    for x, y in rows:
        squared = (w * x - y) ** 2
    return squared / len(rows)


print(loss(1.0, [(1, 2), (2, 4), (3, 6)]))
