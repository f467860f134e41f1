"""A tiny GAN: two nets, two optimizers, detach on purpose."""
import torch
from torch import nn

torch.manual_seed(0)
G = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
D = nn.Sequential(nn.Linear(1, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1), nn.Sigmoid())
criterion = nn.BCELoss()
opt_g = torch.optim.Adam(G.parameters(), lr=2e-3, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(D.parameters(), lr=2e-3, betas=(0.5, 0.999))
real_label, fake_label = torch.ones(64, 1), torch.zeros(64, 1)
for i in range(200):
    real = 3 + 0.5 * torch.randn(64, 1)
    fake = G(torch.randn(64, 2))
    opt_d.zero_grad()
    loss_d = criterion(D(real), real_label) + criterion(D(fake.detach()), fake_label)
    loss_d.backward()
    opt_d.step()

    opt_g.zero_grad()
    loss_g = criterion(D(fake), real_label)
    loss_g.backward()
    opt_g.step()
print(loss_d.item(), loss_g.item())
