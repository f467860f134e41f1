import torch
import torch.nn.functional as F
from torch import nn

teacher = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 4)).eval()
student = nn.Linear(8, 4)
opt = torch.optim.Adam(student.parameters())
T = 2.0
for _ in range(20):
    x, y = torch.randn(32, 8), torch.randint(0, 4, (32,))
    with torch.no_grad():
        soft = F.softmax(teacher(x) / T, dim=1)
    out = student(x)
    loss = F.kl_div(F.log_softmax(out / T, dim=1), soft, reduction="batchmean") * T * T + F.cross_entropy(out, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
