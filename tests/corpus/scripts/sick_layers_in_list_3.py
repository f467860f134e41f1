# expect: layers_in_list
import torch
from torch import nn


class Heads(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Linear(8, 8)
        self.heads = {"age": nn.Linear(8, 1), "sex": nn.Linear(8, 2)}

    def forward(self, x):
        h = torch.relu(self.trunk(x))
        return {name: head(h) for name, head in self.heads.items()}


model = Heads()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
