# %% [markdown] lang="en"
# # The normal equation, and when to descend instead
# For the mean squared error, the best weights solve a linear system: XᵀX w = Xᵀy. No learning rate is needed.

# %% [markdown] lang="zh"
# # 正规方程，以及何时改用下降
# 对均方误差，最好的权重是一个线性方程组的解：XᵀX w = Xᵀy。不需要学习率。

# %%
import numpy as np
from sklearn.datasets import load_diabetes

import downslope as ds

X, y = load_diabetes(return_X_y=True, as_frame=True)
rows = ds.Dataset.from_arrays(X, y)
ones = np.column_stack([rows.X, np.ones(len(rows.X))])
by_hand = np.linalg.solve(ones.T @ ones, ones.T @ rows.y)
closed = ds.fit(rows, method="closed_form")
print("difference below 1e-8:", np.abs(closed.params - by_hand).max() < 1e-8)

# %% [markdown] lang="en"
# Descents reach the same minimum, some faster than others. The picture shows how far each is above it.

# %% [markdown] lang="zh"
# 各种下降到达同一个最小值，只是有快有慢。图中是它们各自比最小值高多少。

# %%
runs = {method: ds.fit(rows, method=method, epochs=200) for method in ("gd", "momentum", "nesterov", "lbfgs")}
ds.plots.loss({method: solution.trace for method, solution in runs.items()}, minimum=closed.loss).figure

# %% [markdown] lang="en"
# The system costs about n·d² + d³/3 multiplications for n rows and d columns, one gradient about 2·n·d. With many columns, a few hundred gradients are cheaper.

# %% [markdown] lang="zh"
# 对 n 行 d 列，解方程组大约需要 n·d² + d³/3 次乘法，一次梯度大约 2·n·d 次。列很多时，几百次梯度更便宜。

# %%
n = 100_000
for d in (10, 100, 1_000, 10_000):
    print(f"{d:6,} columns: the system costs as much as {(n * d**2 + d**3 / 3) / (2 * n * d):,.0f} gradients")
