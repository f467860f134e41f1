import torch
# pairwise distances: a column against a row, on purpose
x = torch.randn(10, 1)
d = (x - x.T) ** 2
c = torch.randn(3, requires_grad=True)
opt = torch.optim.Adam([c], lr=.1)
for _ in range(50):
    opt.zero_grad()
    dist = (x - c[None, :]).abs().min(dim=1).values
    dist.mean().backward()
    opt.step()
