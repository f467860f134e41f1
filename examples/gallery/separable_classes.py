# %% [markdown] lang="en"
# # Classes that a line separates
# If a line separates two classes without an error, the log loss has no minimum: larger weights always lower it. The verdict proves this instead of stopping somewhere.

# %% [markdown] lang="zh"
# # 一条直线就能分开的两类
# 如果一条直线能无误地分开两类，对数损失就没有最小值：权重越大，损失越小。结论给出证明，而不是随便停在某处。

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import downslope as ds

rng = np.random.default_rng(3)
X = np.vstack([rng.normal([-2, -1], 0.8, (40, 2)), rng.normal([2, 1], 0.8, (40, 2))])
table = pd.DataFrame({"x1": X[:, 0], "x2": X[:, 1], "y": np.repeat(["no", "yes"], 40)})
rows = ds.Dataset.read(table, target="y")
alone = ds.fit(rows, penalty="none")
print(alone.verdict)

# %% [markdown] lang="en"
# With gradient descent the weights grow without end, ever more slowly.

# %% [markdown] lang="zh"
# 用梯度下降，权重会无止境地增大，只是越来越慢。

# %%
slow = ds.fit(rows, penalty="none", method="gd", epochs=3000)
ds.plots.weights(slow.trace)
plt.show()

# %% [markdown] lang="en"
# An L2 penalty gives the loss a minimum. It is the default for classes where one is needed: `penalty="auto"`, and the line below says so.

# %% [markdown] lang="zh"
# L2 惩罚使损失有最小值。在需要时它就是分类的默认设置：`penalty="auto"`，下面这一行会说明。

# %%
model = ds.fit(rows)
print(*model.choice_reason, sep="\n")
ds.plots.regions(model.scores, X, rows.y, model.classes, rows.features)
plt.show()
