import torch

n_users, n_items, k = 50, 40, 8
P = torch.randn(n_users, k, requires_grad=True)
Q = torch.randn(n_items, k, requires_grad=True)
opt = torch.optim.Adam([P, Q], lr=0.01)
u, i, r = torch.randint(0, 50, (500,)), torch.randint(0, 40, (500,)), torch.rand(500) * 5
for epoch in range(20):
    pred = (P[u] * Q[i]).sum(dim=1)
    loss = ((pred - r) ** 2).mean() + 1e-4 * (P.pow(2).sum() + Q.pow(2).sum())
    opt.zero_grad()
    loss.backward()
    opt.step()
