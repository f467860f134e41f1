# expect: no_super_init
import torch as th
class M(th.nn.Module):
    def __init__(self, n_in=3):
        print("building")
        self.lin = th.nn.Linear(n_in, 2)
    def forward(self, z): return self.lin(z)
m = M()
