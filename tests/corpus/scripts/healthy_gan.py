import torch
import torch.nn as nn


class Generator(nn.Module):
    def __init__(self, z=16):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(z, 64), nn.LeakyReLU(0.2), nn.BatchNorm1d(64), nn.Linear(64, 784), nn.Tanh())

    def forward(self, z):
        return self.net(z)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(784, 64), nn.LeakyReLU(0.2), nn.Dropout(0.3), nn.Linear(64, 1), nn.Sigmoid())

    def forward(self, x):
        return self.net(x)


G, D = Generator(), Discriminator()
bce = nn.BCELoss()
opt_g = torch.optim.Adam(G.parameters(), lr=2e-4, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(D.parameters(), lr=2e-4, betas=(0.5, 0.999))
G_losses, D_losses = [], []
for epoch in range(3):
    for real in [torch.randn(32, 784)] * 4:
        ones, zeros = torch.ones(32, 1), torch.zeros(32, 1)
        opt_d.zero_grad()
        fake = G(torch.randn(32, 16))
        d_loss = bce(D(real), ones) + bce(D(fake.detach()), zeros)
        d_loss.backward()
        opt_d.step()
        opt_g.zero_grad()
        g_loss = bce(D(fake), ones)
        g_loss.backward()
        opt_g.step()
        G_losses.append(g_loss.item())
        D_losses.append(d_loss.item())
