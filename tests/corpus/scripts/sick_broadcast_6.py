# expect: broadcast
import numpy as np

data = np.loadtxt("ex1data1.txt", delimiter=",")
X = np.c_[np.ones(data.shape[0]), data[:, 0]]
y = data[:, 1]
theta = np.zeros((2, 1))
m = len(y)
for _ in range(1500):
    h = np.dot(X, theta)
    theta = theta - 0.01 / m * np.dot(X.T, h - y)
