# expect: no_eval
import torch
from torch import nn
class C(nn.Module):
    def __init__(self):
        super().__init__(); self.l = nn.Linear(4, 2); self.d = nn.Dropout()
    def forward(self, x): return self.l(self.d(x))
def train(m, d):
    o = torch.optim.SGD(m.parameters(), lr=.1)
    for x, y in d:
        o.zero_grad(); nn.functional.cross_entropy(m(x), y).backward(); o.step()
def predict(m, x):
    with torch.no_grad():
        return m(x).argmax(1)
m = C(); train(m, [(torch.randn(3, 4), torch.randint(0, 2, (3,)))]); print(predict(m, torch.randn(2, 4)))
