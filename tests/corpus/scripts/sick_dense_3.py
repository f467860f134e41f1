# expect: softmax_before_nll
import torch, torch.nn as nn
class N(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(4, 9), nn.ReLU(), nn.Linear(9, 3))
        self.sm = nn.Softmax(dim=-1)
    def forward(self, x):
        logits = self.f(x)
        probs = self.sm(logits)
        return probs
m = N(); c = nn.NLLLoss(); o = torch.optim.Adam(m.parameters())
for e in range(3):
    for x, t in [(torch.randn(5, 4), torch.randint(3, (5,)))]:
        o.zero_grad(); l = c(m(x), t); l.backward(); o.step()
