# %% [markdown] lang="en"
# # Is my derivative right?
# A derivative by hand is easily wrong. With a right one, f(x + h·v) − f(x) − h·∇f·v falls as h²; with a wrong one, only as h.

# %% [markdown] lang="zh"
# # 我的导数对吗？
# 手工推导的导数很容易出错。如果正确，f(x + h·v) − f(x) − h·∇f·v 随 h² 下降；如果错误，只随 h 下降。

# %%
import matplotlib.pyplot as plt
import numpy as np

import downslope as ds


def f(x):
    return np.sum(np.log(1 + x**2))


def right(x):
    return 2 * x / (1 + x**2)


def wrong(x):
    return 2 * x / (1 + x)  # the square is missing


start = np.array([-1.5, 0.5, 2.0])
good, bad = (ds.check_gradient(f, derivative, at=start) for derivative in (right, wrong))
print(good)
print(bad)

# %% [markdown] lang="en"
# Both remainders over h, on logarithmic axes: the slope of the line is the power of h.

# %% [markdown] lang="zh"
# 两种余项随 h 的变化，坐标轴取对数：直线的斜率就是 h 的幂次。

# %%
figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for ax, name, found in zip(axes, ("right", "wrong"), (good, bad)):
    ds.plots.remainder(found, ax)
    ax.set_title(name, loc="left")
plt.show()

# %% [markdown] lang="en"
# From x = −1.5, a descent with the wrong derivative moves away from the minimum, which is at 0.

# %% [markdown] lang="zh"
# 从 x = −1.5 出发，用错误的导数下降会离最小值（在 0 处）越来越远。

# %%
for name, derivative in (("right", right), ("wrong", wrong)):
    x = start.copy()
    for _ in range(200):
        x = x - 0.1 * derivative(x)
    print(f"{name}: x = {x.round(3)} after 200 updates")
