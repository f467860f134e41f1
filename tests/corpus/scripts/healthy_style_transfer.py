import torch

content = torch.rand(1, 3, 64, 64)
vgg = torch.hub.load("pytorch/vision", "vgg19").features.eval()
for p in vgg.parameters():
    p.requires_grad_(False)
image = content.clone().requires_grad_(True)
opt = torch.optim.Adam([image], lr=0.02)
with torch.no_grad():
    target = vgg(content)
for step in range(50):
    opt.zero_grad()
    loss = torch.nn.functional.mse_loss(vgg(image), target)
    loss.backward()
    opt.step()
    with torch.no_grad():
        image.clamp_(0, 1)
