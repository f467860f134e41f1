# 用梯度下降拟合直线 y = w x + b
import numpy as np

x = np.linspace(0, 1, 50)  # 特征
y = 3 * x + 2  # 标签
w, b = 0.0, 0.0
学习率 = 0.5
轮数 = 400
for 轮 in range(轮数):
    预测 = w * x + b
    损失 = np.mean((预测 - y) ** 2)  # 均方误差
    梯度w = np.mean(2 * (预测 - y) * x)
    梯度b = np.mean(2 * (预测 - y))
    w = w - 学习率 * 梯度w
    b = b - 学习率 * 梯度b
print("结果", w, b)
