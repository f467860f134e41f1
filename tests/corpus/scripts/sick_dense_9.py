# expect: layers_in_list
import torch
from torch import nn
class Deep(nn.Module):
    def __init__(self, n):
        super().__init__()
        blocks = []
        for _ in range(n):
            blocks.append(nn.Sequential(nn.Linear(8, 8), nn.ReLU()))
        self.blocks = blocks
        self.final = nn.Linear(8, 1)
    def forward(self, x):
        for b in self.blocks: x = b(x)
        return self.final(x)
m = Deep(3)
opt = torch.optim.Adam(m.parameters())
