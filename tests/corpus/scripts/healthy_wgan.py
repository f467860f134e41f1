import torch
from torch import nn, optim

critic = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 1))
gen = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 2))
opt_c = optim.RMSprop(critic.parameters(), lr=5e-5)
opt_g = optim.RMSprop(gen.parameters(), lr=5e-5)
for it in range(100):
    for _ in range(5):
        x = torch.randn(64, 2) + 3
        with torch.no_grad():
            fake = gen(torch.randn(64, 4))
        loss_c = critic(fake).mean() - critic(x).mean()
        opt_c.zero_grad()
        loss_c.backward()
        opt_c.step()
        for p in critic.parameters():
            p.data.clamp_(-0.01, 0.01)
    loss_g = -critic(gen(torch.randn(64, 4))).mean()
    opt_g.zero_grad()
    loss_g.backward()
    opt_g.step()
