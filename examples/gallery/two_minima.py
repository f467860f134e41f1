# %% [markdown] lang="en"
# # A function with several minima
# A descent ends in the valley in which it starts. Two starts that lie close together can end far apart.

# %% [markdown] lang="zh"
# # 有多个最小值的函数
# 下降停在它出发的那个山谷里。两个相距很近的起点，可能停在相距很远的地方。

# %%
import matplotlib.pyplot as plt

import downslope as ds

function = "x^4 - 8*x^2 + x"
for start in (0.0, 0.1):
    solution = ds.minimize(function, start, "gd", learning_rate=0.02, epochs=200)
    print(f"from {start} to x = {solution.params[0]:.4f}, f = {solution.loss:.4f}")

# %% [markdown] lang="en"
# `minimize_from` descends from many starts at once and counts where they end.

# %% [markdown] lang="zh"
# `minimize_from` 同时从许多起点下降，并数出它们停在哪里。

# %%
found = ds.minimize_from(function, starts=40, box=(-3, 3))
for place in found.places:
    print(f"{place.count} starts end at x = {place.x[0]:.4f}, f = {place.value:.4f}")
ds.plots.starts(found.function.values, found.paths, found.epochs, found.function.names, best=found.lowest)
plt.show()

# %% [markdown] lang="en"
# In two dimensions: sixty starts, and the valley in which each path ends.

# %% [markdown] lang="zh"
# 二维的情形：六十个起点，以及每条路径最终到达的山谷。

# %%
four = ds.minimize_from("(x^2 + y - 11)^2 + (x + y^2 - 7)^2", starts=60, box=(-5, 5))
print(f"{len(four.places)} minima; starts in each valley: {[place.count for place in four.places]}")
ds.plots.starts(four.function.values, four.paths, four.epochs, four.function.names, best=four.lowest)
plt.show()
