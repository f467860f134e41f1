import torch
from torch import nn
# zero init of the last layer and of gates, as in residual nets
class Block(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.fc1 = nn.Linear(d, d); self.bn = nn.BatchNorm1d(d); self.fc2 = nn.Linear(d, d)
        nn.init.zeros_(self.bn.weight)
        nn.init.zeros_(self.fc1.bias)
        nn.init.zeros_(self.fc2.weight); nn.init.zeros_(self.fc2.bias)
    def forward(self, x): return x + self.fc2(torch.relu(self.bn(self.fc1(x))))
