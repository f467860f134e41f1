# %% [markdown] lang="en"
# # A path of lassos, each with its certificate
# An L1 penalty sets weights to 0. From the alpha that leaves all of them at 0, alpha falls step by step, and columns enter the model one after another.

# %% [markdown] lang="zh"
# # 一条 lasso 路径，每一步都有证明
# L1 惩罚把权重变成 0。从使所有权重都为 0 的 alpha 开始，alpha 逐步减小，各列依次进入模型。

# %%
from sklearn.datasets import load_diabetes

import downslope as ds

X, y = load_diabetes(return_X_y=True, as_frame=True)
rows = ds.Dataset.from_arrays(X, y)
found = ds.path(rows, penalty="l1", alphas=60, eps=1e-3)
found.plot().figure

# %% [markdown] lang="en"
# Each step ends with a duality gap: its objective F is at most that far above the minimum. The gap is computed from the weights alone, whichever method found them.

# %% [markdown] lang="zh"
# 每一步结束时都有一个对偶间隙：目标函数 F 最多比最小值高这么多。间隙只由权重算出，与用哪种方法找到它们无关。

# %%
for i in range(0, 60, 10):
    print(f"alpha {found.alphas[i]:8.4f}: {found.nonzero[i]:2} columns, F = {found.losses[i]:.1f}")
print("every gap is below one millionth of F at the start:", (found.gaps < 1e-6 * found.losses[0]).all())

# %% [markdown] lang="en"
# The columns in the order in which they enter:

# %% [markdown] lang="zh"
# 各列进入模型的次序：

# %%
entered = (found.coef != 0).argmax(axis=0)
for j in sorted(range(len(entered)), key=lambda j: entered[j]):
    print(f"{rows.features[j]:4} from alpha = {found.alphas[entered[j]]:.3g}")
