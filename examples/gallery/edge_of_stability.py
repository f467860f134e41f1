# %% [markdown] lang="en"
# # The edge of stability of a small net
# For a bowl, a learning rate above 2/λ diverges, where λ is the largest curvature. A net trained by gradient descent changes its curvature as it learns: λ moves to about 2/rate, and stays there (Cohen et al. 2021).

# %% [markdown] lang="zh"
# # 小网络的稳定边缘
# 对碗形函数，学习率大于 2/λ 就会发散，λ 是最大的曲率。用梯度下降训练的网络，曲率会随学习而变：λ 移动到大约 2/学习率，然后停在那里（Cohen 等，2021）。

# %%
import matplotlib.pyplot as plt
import torch
from torch.autograd.functional import hessian

torch.manual_seed(0)
x = torch.linspace(-1, 1, 30, dtype=torch.float64)[:, None]
y = torch.sin(5 * x)
start = 0.5 * torch.randn(25, dtype=torch.float64)


def loss_of(weights):
    """A net of 8 tanh units."""
    first, bias, second, last = weights.split([8, 8, 8, 1])
    return torch.mean((torch.tanh(x * first + bias) @ second[:, None] + last - y) ** 2)


def descend(rate, updates=2000, every=50):
    weights, losses, sharpness = start.clone().requires_grad_(), [], []
    for k in range(updates):
        loss = loss_of(weights)
        if k % every == 0:
            losses.append(loss.item())
            sharpness.append(torch.linalg.eigvalsh(hessian(loss_of, weights))[-1].item())
        (gradient,) = torch.autograd.grad(loss, weights)
        weights = (weights - rate * gradient).detach().requires_grad_()
    return losses, sharpness


# %% [markdown] lang="en"
# Two rates, the largest eigenvalue of the Hessian every 50 updates, and the bound 2/rate as a dashed line.

# %% [markdown] lang="zh"
# 两个学习率，每 50 次更新算一次 Hessian 的最大特征值；虚线是上界 2/学习率。

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
ends = {}
for rate, colour in ((0.2, "tab:blue"), (0.3, "tab:orange")):
    losses, sharpness = descend(rate)
    ends[rate] = sharpness[-1]
    left.plot(range(0, 2000, 50), sharpness, color=colour, label=f"rate {rate}")
    left.axhline(2 / rate, color=colour, linestyle="--", linewidth=1)
    right.semilogy(range(0, 2000, 50), losses, color=colour, label=f"rate {rate}")
left.set(xlabel="update", ylabel="largest curvature λ")
right.set(xlabel="update", ylabel="loss")
left.legend()
plt.show()

# %% [markdown] lang="en"
# The bound is not only a limit: it is where training settles. A larger rate leads to a flatter place.

# %% [markdown] lang="zh"
# 这个上界不只是界限，也是训练最终停留的地方。学习率越大，停留的地方越平坦。

# %%
for rate, end in ends.items():
    print(f"rate {rate}: 2/rate = {2 / rate:.1f}, λ at the end {end:.1f}")
