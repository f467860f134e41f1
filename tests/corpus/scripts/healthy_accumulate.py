import torch
import torch.nn.functional as F

model = torch.nn.Linear(6, 1)
opt = torch.optim.Adam(model.parameters())
batches = [(torch.randn(8, 6), torch.randn(8, 1)) for _ in range(16)]
steps = 4
opt.zero_grad()
for i, (x, y) in enumerate(batches):
    loss = F.mse_loss(model(x), y) / steps
    loss.backward()
    if (i + 1) % steps == 0:
        opt.step()
        opt.zero_grad()
