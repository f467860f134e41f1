# %% [markdown] lang="en"
# # Comparing models honestly
# Two scores from one split say little: another split may reverse them. `ds.compare` scores all models on the same folds, drawn several times, and chooses alpha anew inside each training part.

# %% [markdown] lang="zh"
# # 诚实地比较模型
# 一次划分得到的两个分数说明不了什么：换一次划分，结果可能相反。`ds.compare` 在相同的折上给所有模型打分，折抽取多次，每个训练部分都重新选择 alpha。

# %%
from sklearn.datasets import load_diabetes

import downslope as ds

X, y = load_diabetes(return_X_y=True, as_frame=True)
rows = ds.Dataset.from_arrays(X, y)
found = ds.compare(rows, "squared; squared+l2; squared+l1; absolute", repeats=3)
print(found)

# %% [markdown] lang="en"
# The picture shows the scores and the differences to the best. Folds share rows, so scores of different folds are not independent; the intervals are corrected for that.

# %% [markdown] lang="zh"
# 图中是各个分数，以及与最好的模型之差。各折之间有共同的行，不同折的分数不是独立的；区间已为此修正。

# %%
found.plot()

# %% [markdown] lang="en"
# Where the rows do tell the models apart, the conclusion says so. Here every tenth y is far off, which pulls the squared loss more than the others.

# %% [markdown] lang="zh"
# 如果这些行能区分模型，结论也会说明。这里每十个 y 有一个偏差很大，它对平方损失的影响比对其他损失大。

# %%
spoilt = y.copy()
spoilt[::10] += 1500
outliers = ds.Dataset.from_arrays(X, spoilt)
print(ds.compare(outliers, "squared; absolute", metric="mae", repeats=3).conclusion)
