# expect: dropout_always_on
from torch import nn
from torch.nn import functional


class Encoder(nn.Module):
    def __init__(self, width, p):
        super().__init__()
        self.p = p
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(3)])

    def forward(self, h):
        for layer in self.layers:
            h = functional.dropout(layer(h).relu(), p=self.p)
        return h
