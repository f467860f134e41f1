"""The maximum-likelihood mean and deviation of a sample."""
import torch

torch.manual_seed(0)
x = torch.randn(500) * 2 + 5
mu = torch.zeros(1, requires_grad=True)
log_sigma = torch.zeros(1, requires_grad=True)
opt = torch.optim.Adam([mu, log_sigma], lr=0.05)
for i in range(400):
    nll = (log_sigma + 0.5 * ((x - mu) / log_sigma.exp()) ** 2).mean()
    opt.zero_grad()
    nll.backward()
    opt.step()
print(mu.item(), log_sigma.exp().item())
