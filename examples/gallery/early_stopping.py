# %% [markdown] lang="en"
# # Overfitting, and when to stop
# A net with many weights and few rows learns the noise as well: its training loss keeps falling, its loss on other rows rises.

# %% [markdown] lang="zh"
# # 过拟合，以及何时停止
# 权重很多、样本很少的网络连噪声也会学进去：训练损失不断下降，其他行上的损失却在上升。

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch  # noqa: F401 - nets need it

import downslope as ds

rng = np.random.default_rng(0)
x = rng.uniform(-2, 2, 60)
rows = ds.Dataset.from_arrays(x[:, None], np.sin(3 * x) + rng.normal(0, 0.5, 60))
train, validation = rows.split(0.5, seed=0)
settings = {
    "net": ds.Net(hidden=(60,), activation="tanh"),
    "method": "adam",
    "learning_rate": 0.02,
    "epochs": 1500,
}
long = ds.fit(train, validation=validation, **settings)
print(long.verdict)

# %% [markdown] lang="en"
# The validation rows choose no weights; they only measure. Their loss turns early.

# %% [markdown] lang="zh"
# 验证行不参与选择权重，只用来度量。它们的损失很早就开始回升。

# %%
ds.plots.loss(long.trace)
plt.show()

# %% [markdown] lang="en"
# With `patience`, the descent stops when the validation loss has not improved for so many epochs, and the best weights are restored.

# %% [markdown] lang="zh"
# 设置 `patience` 后，验证损失若在这么多轮内没有改善，下降就停止，并恢复最好的权重。

# %%
short = ds.fit(train, validation=validation, patience=100, **settings)
grid = np.linspace(-2, 2, 200)[:, None]
plt.scatter(train.X, train.y, s=15, color="gray")
plt.plot(grid, long.predict(grid), label=f"{long.epochs} epochs")
plt.plot(grid, short.predict(grid), label="stopped early")
plt.plot(grid, np.sin(3 * grid), "k:", label="without noise")
plt.legend()
plt.show()
