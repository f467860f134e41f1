# %% [markdown] lang="en"
# # Why columns are standardised
# One column is counted in ones, the other in hundreds. The loss is then a ravine, and gradient descent crawls along it.

# %% [markdown] lang="zh"
# # 为什么要标准化各列
# 一列的单位是一，另一列是百。损失于是成了一条峡谷，梯度下降在其中缓慢爬行。

# %%
import matplotlib.pyplot as plt
import numpy as np

import downslope as ds

rng = np.random.default_rng(4)
X = np.column_stack([rng.normal(0, 1, 300), rng.normal(0, 100, 300)])
rows = ds.Dataset.from_arrays(X, X @ [50.0, 0.4] + rng.normal(0, 10, 300))
raw = ds.fit(rows, method="gd", learning_rate=5e-5, epochs=200, scale=False)
print(raw.verdict)

# %% [markdown] lang="en"
# On standardised columns (mean 0, deviation 1), which is the default, the valley is round. The weights are reported in the units of the columns all the same.

# %% [markdown] lang="zh"
# 在标准化的列（均值 0，标准差 1）上，山谷是圆的；这是默认设置。报告的权重仍以原来各列的单位表示。

# %%
scaled = ds.fit(rows, method="gd", learning_rate=0.4, epochs=200)
print(scaled.verdict)
print({name: round(weight, 3) for name, weight in scaled.named.items()})

# %% [markdown] lang="en"
# Both losses over the epochs:

# %% [markdown] lang="zh"
# 两者的损失随轮数的变化：

# %%
ds.plots.loss({"as they are": raw.trace, "standardised": scaled.trace})
plt.show()
