# %% [markdown] lang="en"
# # Exhaustive search, and why nobody uses it
# The model is y = w·x. For each of many weights, compute the mean squared error, and take the lowest.

# %% [markdown] lang="zh"
# # 穷举法，以及为什么没有人用它
# 模型是 y = w·x。对许多个权重逐一计算均方误差，取最小的那个。

# %%
import matplotlib.pyplot as plt
import numpy as np

import downslope as ds

x, y = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0])
weights = np.linspace(0, 4, 41)
losses = [np.mean((w * x - y) ** 2) for w in weights]
ds.plots.loss_over_weight(weights, losses)
plt.show()

# %% [markdown] lang="en"
# Gradient descent does not look everywhere: at each weight it computes the slope and steps downhill.

# %% [markdown] lang="zh"
# 梯度下降不必处处查看：在每个权重处，它计算斜率，然后向下走一步。

# %%
rows = ds.Dataset.from_arrays(x[:, None], y)
settings = {"method": "gd", "learning_rate": 0.02, "epochs": 30, "intercept": False, "scale": False}
solution = ds.fit(rows, start={"x": 0.0}, **settings)
ds.plots.loss_over_weight(weights, losses, trace=solution.trace)
plt.show()
print(f"w = {solution.params[0]:.4f} after {solution.epochs} gradients")

# %% [markdown] lang="en"
# The price of the search: 41 values for one weight are 41² for two and 41¹⁰ for ten. A gradient costs about as much as a few losses, for any number of weights.

# %% [markdown] lang="zh"
# 穷举的代价：一个权重要算 41 个值，两个权重就是 41²，十个就是 41¹⁰。而一次梯度的计算量只相当于几次损失，与权重的个数无关。

# %%
for count in (1, 2, 10):
    print(f"{count:2} weights: {41**count:,} losses")
