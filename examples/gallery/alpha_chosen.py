# %% [markdown] lang="en"
# # Choosing alpha, with its curve
# A penalty makes weights smaller. How strong should it be? Cross-validation fits on four fifths of the rows,
# measures on the last fifth, and repeats this for a grid of alphas.

# %% [markdown] lang="zh"
# # 选择 alpha，并画出它的曲线
# 惩罚使权重变小。它应该多强？交叉验证用五分之四的行拟合，用剩下的五分之一度量，并对一组 alpha 重复这个过程。

# %%
from sklearn.datasets import load_diabetes

import downslope as ds

X, y = load_diabetes(return_X_y=True, as_frame=True)
rows = ds.Dataset.from_arrays(X, y)
solution = ds.fit(rows, penalty="l1", alpha="cv")
print(*solution.choice_reason, sep="\n")

# %% [markdown] lang="en"
# The curve is the mean squared error on the rows that were left out, with its standard error.

# %% [markdown] lang="zh"
# 曲线是留出的行上的均方误差，以及它的标准误。

# %%
solution.path.plot().figure

# %% [markdown] lang="en"
# The curve is flat near its minimum. `"cv:1se"` takes the strongest penalty whose error is within one standard
# error of the best, and so keeps fewer columns.

# %% [markdown] lang="zh"
# 曲线在最小值附近很平。`"cv:1se"` 取误差与最好的相差不超过一个标准误的最强惩罚，因此保留的列更少。

# %%
for rule in ("cv", "cv:1se"):
    chosen = ds.fit(rows, penalty="l1", alpha=rule)
    used = [name for name, weight in chosen.named.items() if weight]
    print(f"{rule}: alpha = {chosen.recipe.alpha:.3g}; columns used: {', '.join(used)}")
