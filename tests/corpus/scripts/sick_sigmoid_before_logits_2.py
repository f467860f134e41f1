# expect: sigmoid_before_logits
import torch
import torch.nn.functional as F

model = torch.nn.Linear(3, 1)
X, y = torch.randn(40, 3), torch.ones(40, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.5)
for _ in range(50):
    opt.zero_grad()
    p = torch.sigmoid(model(X))
    loss = F.binary_cross_entropy_with_logits(p, y)
    loss.backward()
    opt.step()
