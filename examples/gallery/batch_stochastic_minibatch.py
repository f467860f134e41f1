# %% [markdown] lang="en"
# # All rows, one row, or a few
# Gradient descent uses all rows in each update, stochastic gradient descent one row, and mini-batch descent a few. With the same number of epochs, each of them sees the same rows equally often.

# %% [markdown] lang="zh"
# # 全部样本、一个样本，还是一小批
# 梯度下降每次更新用全部的行，随机梯度下降用一行，小批量梯度下降用几行。轮数相同时，它们看每一行的次数相同。

# %%
import matplotlib.pyplot as plt
import numpy as np

import downslope as ds

rng = np.random.default_rng(2)
x = rng.normal(size=400)
rows = ds.Dataset.from_arrays(x[:, None], 2 * x + 1 + rng.normal(0, 0.5, 400))
solutions = {}
for name, method in (("all rows", "gd"), ("one row", "sgd"), ("16 rows", "minibatch:16")):
    solutions[name] = ds.fit(rows, method=method, learning_rate=0.02, epochs=15, scale=False, seed=0)
    print(f"{name:8}: loss {solutions[name].loss:.4f} after {solutions[name].epochs} epochs")
print(f"minimum : loss {ds.fit(rows).loss:.4f}")

# %% [markdown] lang="en"
# One row at a time makes 400 updates per epoch, and is near the minimum after the first. All rows make a single one.

# %% [markdown] lang="zh"
# 每次一行，一轮就有 400 次更新，第一轮之后就已接近最小值；每次用全部的行，一轮只有一次更新。

# %%
ds.plots.loss({name: solution.trace for name, solution in solutions.items()})
plt.show()

# %% [markdown] lang="en"
# Near the minimum, the gradients of single rows still point in all directions: the weights jump about, and the more so the fewer rows an update uses.

# %% [markdown] lang="zh"
# 在最小值附近，单行的梯度仍指向各个方向：权重来回跳动；每次更新用的行越少，跳动越大。

# %%
figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained", sharey=True)
for ax, name in zip(axes, ("one row", "16 rows")):
    ds.plots.weights(solutions[name].trace, ax)
    ax.set_title(name, loc="left")
plt.show()
