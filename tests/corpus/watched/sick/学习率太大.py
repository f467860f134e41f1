# 学习率太大，损失越来越大
import numpy as np


def 训练(特征, 标签, 学习率, 轮数):
    权重 = np.zeros(特征.shape[1])
    for 轮 in range(轮数):
        误差 = 特征 @ 权重 - 标签
        损失 = np.mean(误差**2)
        梯度 = 2 * 特征.T @ 误差 / len(标签)
        权重 = 权重 - 学习率 * 梯度
    return 权重, 损失


随机 = np.random.default_rng(0)
X = 随机.normal(size=(60, 3))
y = X @ np.array([1.0, 2.0, 3.0])
print(训练(X, y, 1.5, 150))
