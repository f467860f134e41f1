import torch
from torch import nn
import torch.nn.functional as F
# attention over time (dim 0) and a policy for one state
class Attn(nn.Module):
    def __init__(self, h):
        super().__init__()
        self.score = nn.Linear(h, 1)
    def forward(self, states):
        weights = F.softmax(self.score(states), dim=0)
        return (weights * states).sum(0)
enc = nn.LSTM(5, 16); att = Attn(16); out = nn.Linear(16, 2)
params = [*enc.parameters(), *att.parameters(), *out.parameters()]
opt = torch.optim.Adam(params)
for _ in range(3):
    x, y = torch.randn(7, 4, 5), torch.randint(0, 2, (4,))
    s, _h = enc(x)
    loss = F.cross_entropy(out(att(s)), y)
    opt.zero_grad(); loss.backward(); opt.step()
