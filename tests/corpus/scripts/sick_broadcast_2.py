# expect: broadcast
import numpy as np

X = np.random.randn(50, 2)
y = np.linspace(0, 1, 50)
w = np.zeros((2, 1))
for epoch in range(100):
    error = X @ w - y
    print(epoch, np.mean(error**2))
