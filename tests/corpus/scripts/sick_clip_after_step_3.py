# expect: clip_after_step
import torch

net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
scaler = torch.cuda.amp.GradScaler()
for xb, yb in [(torch.randn(8, 4), torch.randint(0, 2, (8,)))] * 10:
    opt.zero_grad(set_to_none=True)
    with torch.autocast("cuda"):
        loss = torch.nn.functional.cross_entropy(net(xb), yb)
    scaler.scale(loss).backward()
    scaler.step(opt)
    scaler.update()
    torch.nn.utils.clip_grad_value_(net.parameters(), 0.5)
