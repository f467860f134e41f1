# expect: layers_in_list
import torch.nn as nn
class G(nn.Module):
    def __init__(self, dims):
        super().__init__()
        self.lins = list()
        for i in range(len(dims) - 1):
            self.lins += [nn.Linear(dims[i], dims[i + 1])]
    def forward(self, x):
        for l in self.lins: x = l(x)
        return x
g = G([3, 4, 5])
