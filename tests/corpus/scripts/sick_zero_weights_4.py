# expect: zero_weights
import torch

W1 = torch.zeros(784, 256, requires_grad=True)
b1 = torch.zeros(256, requires_grad=True)
W2 = torch.zeros(256, 10, requires_grad=True)
b2 = torch.zeros(10, requires_grad=True)
params = [W1, b1, W2, b2]
opt = torch.optim.SGD(params, lr=0.1)
for X, y in [(torch.randn(32, 784), torch.randint(0, 10, (32,)))] * 5:
    H = torch.relu(X @ W1 + b1)
    loss = torch.nn.functional.cross_entropy(H @ W2 + b2, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
