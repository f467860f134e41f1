# %% [markdown] lang="en"
# # Watching your own PyTorch loop
# This loop is ordinary PyTorch, and its loss explodes. `ds.watch()` observes it while it runs: losses, gradients, and the curvature of the loss.

# %% [markdown] lang="zh"
# # 观察自己的 PyTorch 训练循环
# 这是一个普通的 PyTorch 训练循环，它的损失爆炸了。`ds.watch()` 在它运行时观察：损失、梯度，以及损失的曲率。

# %%
import torch

import downslope as ds

torch.manual_seed(0)
X = torch.randn(200, 5)
y = X @ torch.tensor([[3.0], [-2.0], [0.5], [1.0], [0.0]]) + 0.1 * torch.randn(200, 1)


def train(rate):
    torch.manual_seed(1)
    model = torch.nn.Linear(5, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    criterion = torch.nn.MSELoss()
    with ds.watch() as seen:
        for _ in range(30):
            optimizer.zero_grad()
            loss = criterion(model(X), y)
            loss.backward()
            optimizer.step()
    return seen


seen = train(rate=0.9)
print(seen.verdict)

# %% [markdown] lang="en"
# The largest eigenvalue of the Hessian is the curvature L. A fixed learning rate must stay below 2/L.

# %% [markdown] lang="zh"
# Hessian 的最大特征值就是曲率 L。固定的学习率必须小于 2/L。

# %%
print(f"L = {seen.certificate.L:.3f}, so the rate must stay below {seen.certificate.bound:.3f}")

# %% [markdown] lang="en"
# With half of that rate the same loop converges.

# %% [markdown] lang="zh"
# 学习率取它的一半，同一个循环就收敛了。

# %%
calm = train(rate=seen.certificate.bound / 2)
print(calm.verdict)
ds.plots.loss({"rate 0.9": seen.trace, f"rate {seen.certificate.bound / 2:.2f}": calm.trace}).figure
