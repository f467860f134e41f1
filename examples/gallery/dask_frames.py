# %% [markdown] lang="en"
# # Dask data frames and a cluster
# A Dask data frame is split into partitions, which may lie on many machines. The estimators take it as it is: each sum is computed partition by partition.

# %% [markdown] lang="zh"
# # Dask 数据框与集群
# Dask 数据框分成若干分区，它们可以分布在许多机器上。估计器直接接收它：每个求和都按分区计算。

# %%
import dask.dataframe
import numpy as np
import pandas as pd
from distributed import Client

import downslope as ds

rng = np.random.default_rng(0)
frame = pd.DataFrame(rng.normal(size=(20_000, 3)), columns=["a", "b", "c"])
frame["y"] = 3 * frame["a"] - frame["b"] + rng.normal(0, 0.5, 20_000)
lazy = dask.dataframe.from_pandas(frame, npartitions=8)
client = Client(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0")
model = ds.LinearRegressor(penalty="l2", alpha=0.01).fit(lazy[["a", "b", "c"]], lazy["y"])
print(model.coef_.round(4))

# %% [markdown] lang="en"
# The rows of a cluster give the same weights as rows in memory, up to rounding.

# %% [markdown] lang="zh"
# 集群上的行与内存中的行给出相同的权重，只差舍入误差。

# %%
local = ds.LinearRegressor(penalty="l2", alpha=0.01).fit(frame[["a", "b", "c"]], frame["y"])
print("difference below 1e-10:", np.abs(model.coef_ - local.coef_).max() < 1e-10)

# %% [markdown] lang="en"
# Predictions are lazy: nothing is computed until `compute`, and only for the partitions that are needed.

# %% [markdown] lang="zh"
# 预测是惰性的：调用 `compute` 之前什么也不计算，之后也只计算所需的分区。

# %%
import matplotlib.pyplot as plt

predicted = model.predict(lazy[["a", "b", "c"]].partitions[0]).compute()
plt.scatter(predicted, frame["y"][: len(predicted)], s=4)
plt.xlabel("predicted")
plt.ylabel("observed")
plt.show()
client.close()
