# 用两层感知机拟合正弦曲线（纯 NumPy）
import numpy as np

rng = np.random.RandomState(0)
x = np.linspace(-np.pi, np.pi, 200).reshape(-1, 1)
y = np.sin(x)
隐藏单元 = 32
W1 = rng.randn(1, 隐藏单元) * 0.5
b1 = np.zeros((1, 隐藏单元))
W2 = rng.randn(隐藏单元, 1) * 0.5
b2 = np.zeros((1, 1))
学习率 = 0.05
for 轮 in range(2000):
    h = np.tanh(x @ W1 + b1)
    预测 = h @ W2 + b2
    误差 = 预测 - y
    损失 = np.mean(误差**2)
    d2 = 2 * 误差 / len(x)
    dW2 = h.T @ d2
    db2 = d2.sum(axis=0, keepdims=True)
    dh = d2 @ W2.T * (1 - h**2)
    dW1 = x.T @ dh
    db1 = dh.sum(axis=0, keepdims=True)
    W1 -= 学习率 * dW1
    b1 -= 学习率 * db1
    W2 -= 学习率 * dW2
    b2 -= 学习率 * db2
    if 轮 % 200 == 0:
        print(f"第 {轮} 轮，损失 {损失:.4f}")
