"""Two layers of leaves that begin at 0.5 everywhere."""
import torch

torch.manual_seed(0)
X = torch.randn(100, 3)
y = torch.tanh(X[:, :1]) - X[:, 1:2]
W1 = torch.empty(3, 5).fill_(0.5).requires_grad_()
W2 = torch.full((5, 1), 0.5, requires_grad=True)
optimizer = torch.optim.SGD([W1, W2], lr=0.1)
for step in range(150):
    loss = ((torch.tanh(X @ W1) @ W2 - y) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
