# %% [markdown] lang="en"
# # Files beyond memory
# A `Stream` leaves the rows in their files and reads them part by part, whenever a sum over them is needed. Here there are four files of 100,000 rows; `--memory 2GB` on the command line decides by itself.

# %% [markdown] lang="zh"
# # 内存放不下的文件
# `Stream` 把行留在文件里，每当需要对它们求和时，才一部分一部分地读。这里是四个文件，每个 100,000 行；命令行的 `--memory 2GB` 会自行决定是否这样读。

# %%
import numpy as np
import pandas as pd

import downslope as ds

rng = np.random.default_rng(0)
for month in range(1, 5):
    X = rng.normal(size=(100_000, 4))
    chance = 1 / (1 + np.exp(-X @ [1.0, -2.0, 0.5, 0.0]))
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    frame["bought"] = np.where(rng.random(100_000) < chance, "yes", "no")
    frame.to_parquet(f"sales-{month:02}.parquet")
stream = ds.Stream.open("sales-*.parquet", target="bought")
print(stream)

# %% [markdown] lang="en"
# The fit is the same call as for rows in memory. `auto` starts on a sample and corrects with the gradient of all rows, so that a few passes over the files suffice.

# %% [markdown] lang="zh"
# 拟合的调用与内存中的行相同。`auto` 先在样本上开始，再用所有行的梯度修正，因此只需读几遍文件。

# %%
streamed = ds.fit(stream)
print(streamed.verdict)
print({name: round(weight, 4) for name, weight in streamed.named.items()})

# %% [markdown] lang="en"
# The same rows in memory give the same weights, as exactly as the descents end.

# %% [markdown] lang="zh"
# 把同样的行读进内存，得到相同的权重，只差下降停止时的误差。

# %%
import matplotlib.pyplot as plt

in_memory = ds.fit(ds.Dataset.read("sales-*.parquet", target="bought"))
names = list(streamed.named)
plt.barh(names, list(in_memory.named.values()), height=0.7, color="lightgray", label="in memory")
plt.barh(names, list(streamed.named.values()), height=0.3, label="streamed")
plt.xlabel("weight")
plt.legend()
plt.show()
difference = np.abs(streamed.params - in_memory.params).max()
print("the weights differ by less than 1e-6:", difference < 1e-6)
