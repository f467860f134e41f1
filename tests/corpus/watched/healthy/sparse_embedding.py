"""Matrix factorisation with sparse gradients."""
import torch
from torch import nn

torch.manual_seed(1)
n_users, n_items, k = 30, 20, 4
U, V = torch.randn(n_users, k), torch.randn(n_items, k)
users = torch.randint(0, n_users, (600,))
items = torch.randint(0, n_items, (600,))
ratings = (U[users] * V[items]).sum(1)


class MF(nn.Module):
    def __init__(self):
        super().__init__()
        self.u = nn.Embedding(n_users, k, sparse=True)
        self.v = nn.Embedding(n_items, k, sparse=True)

    def forward(self, a, b):
        return (self.u(a) * self.v(b)).sum(1)


model = MF()
optimizer = torch.optim.SparseAdam(list(model.parameters()), lr=0.02)
for epoch in range(30):
    order = torch.randperm(600)
    for i in range(0, 600, 50):
        idx = order[i:i + 50]
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(users[idx], items[idx]), ratings[idx])
        loss.backward()
        optimizer.step()
print(loss.item())
