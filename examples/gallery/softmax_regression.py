# %% [markdown] lang="en"
# # Softmax regression
# For several classes, each has its own weights and its own score. The softmax turns the scores into chances that sum to 1.

# %% [markdown] lang="zh"
# # softmax 回归
# 有多个类别时，每个类别有自己的权重和自己的得分。softmax 把得分变成和为 1 的概率。

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_iris

import downslope as ds

iris = load_iris(as_frame=True)
table = iris.frame[["petal length (cm)", "petal width (cm)"]].copy()
table["species"] = iris.target_names[iris.target]
rows = ds.Dataset.read(table, target="species")
solution = ds.fit(rows, penalty="l2", alpha=0.01)
print(solution.coef.round(2))

# %% [markdown] lang="en"
# The chances of the first row, by hand and by the solution:

# %% [markdown] lang="zh"
# 第一行的概率，手工计算与 `solution` 的结果：

# %%
scores = rows.X[0] @ solution.coef + solution.intercept
print("by hand      ", (np.exp(scores) / np.exp(scores).sum()).round(4))
print("probabilities", solution.probabilities(rows)[0].round(4))

# %% [markdown] lang="en"
# Where two classes have the same score, the boundary is a straight line.

# %% [markdown] lang="zh"
# 两个类别得分相等的地方就是边界，它是一条直线。

# %%
ds.plots.regions(solution.scores, rows.X, rows.y, solution.classes, rows.features)
plt.show()
