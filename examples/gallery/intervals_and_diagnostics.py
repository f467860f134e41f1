# %% [markdown] lang="en"
# # How sure is the model? Intervals and diagnostics
# A straight line is fitted to data with a slight bend. The summary has the standard error of each weight.

# %% [markdown] lang="zh"
# # 模型有多大把握？区间与诊断
# 用一条直线拟合略微弯曲的数据。摘要给出每个权重的标准误。

# %%
import matplotlib.pyplot as plt
import numpy as np

import downslope as ds

rng = np.random.default_rng(0)
x = rng.uniform(0, 10, 200)
y = 3 + 2 * x + 0.15 * (x - 5) ** 2 + rng.normal(0, 1.5, 200)
rows = ds.Dataset.from_arrays(x[:, None], y)
line = ds.fit(rows)
print(line.summary(rows))

# %% [markdown] lang="en"
# `interval=0.9` gives a lower and an upper limit: nine of ten new rows should lie between them.

# %% [markdown] lang="zh"
# `interval=0.9` 给出下限和上限：十个新的行中应有九个落在两者之间。

# %%
grid = np.linspace(0, 10, 50)[:, None]
middle, low, high = line.predict(grid, interval=0.9).T
plt.scatter(x, y, s=12, color="gray")
plt.plot(grid, middle)
plt.fill_between(grid[:, 0], low, high, alpha=0.2)
plt.show()
_, low, high = line.predict(rows.X, interval=0.9).T
print(f"{np.mean((low <= y) & (y <= high)):.1%} of the rows lie inside")

# %% [markdown] lang="en"
# The diagnostics show what the summary hides: the residuals over the fitted values form a bowl.

# %% [markdown] lang="zh"
# 诊断图显示摘要看不出的东西：残差随拟合值的分布像一只碗。

# %%
figure = ds.plots.diagnostics(ds.ResidualDiagnostics.from_solution(line, rows))

# %% [markdown] lang="en"
# With a square added, the standard error of the residuals falls, and with it the width of the intervals.

# %% [markdown] lang="zh"
# 加入平方项后，残差的标准误变小，区间也随之变窄。

# %%
bent = ds.Dataset.from_arrays(np.column_stack([x, x**2]), y)
curve = ds.fit(bent)
for name, model, data in (("line", line, rows), ("with x²", curve, bent)):
    _, low, high = model.predict(data.X, interval=0.9).T
    print(f"{name:8} RMSE {np.sqrt(model.loss):.3f}, mean width of the intervals {np.mean(high - low):.2f}")
