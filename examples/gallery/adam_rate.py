# %% [markdown] lang="en"
# # Why Adam's learning rate is not that of gradient descent
# Gradient descent moves by the rate times the gradient; Adam divides by the size of recent gradients first. So Adam's rate is a distance: about how far each weight moves in one update.

# %% [markdown] lang="zh"
# # 为什么 Adam 的学习率和梯度下降的不是一回事
# 梯度下降每次移动学习率乘以梯度；Adam 先除以最近梯度的大小。因此 Adam 的学习率是一个距离：大约是每个权重一次更新移动多远。

# %%
import matplotlib.pyplot as plt

import downslope as ds

bowl, steep = "x^2 + 10*y^2", "1000*(x^2 + 10*y^2)"  # the same bowl in other units
runs = {}
for method in ("gd", "adam"):
    for name, function in (("bowl", bowl), ("1000 × bowl", steep)):
        runs[method, name] = ds.minimize(function, [3, 2], method, learning_rate=0.04, epochs=150)
        print(f"{method:5} {name:12} {runs[method, name].stopped:16} loss {runs[method, name].loss:.3g}")

# %% [markdown] lang="en"
# For gradient descent, the rate must stay below 2/L, and L, the largest curvature, is 1000 times larger in the other units. Adam takes the same path in both.

# %% [markdown] lang="zh"
# 对梯度下降，学习率必须小于 2/L；换了单位，最大曲率 L 大了 1000 倍。Adam 在两种单位下走的是同一条路。

# %%
figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for ax, name in zip(axes, ("bowl", "1000 × bowl")):
    ds.plots.loss({method: runs[method, name].trace for method in ("gd", "adam")}, ax=ax)
    ax.set_title(name, loc="left")
plt.show()

# %% [markdown] lang="en"
# The first update alone shows it: how far each method moves x and y from the start.

# %% [markdown] lang="zh"
# 只看第一次更新就明白了：从起点出发，每种方法把 x 和 y 移动多远。

# %%
for (method, name), function in zip(runs, (bowl, steep, bowl, steep)):
    moved = ds.minimize(function, [3, 2], method, learning_rate=0.04, epochs=1).params - [3, 2]
    print(f"{method:5} {name:12} x {moved[0]:+.2f}, y {moved[1]:+.2f}")
