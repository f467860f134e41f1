# expect: sum_with_rate
import numpy as np
X = np.random.randn(100, 3); y = X @ [1, 2, 3]
w = np.zeros(3)
for _ in range(100):
    g = X.T.dot(X.dot(w) - y)
    w = w - 0.05 * g
