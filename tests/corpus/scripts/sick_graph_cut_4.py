# expect: graph_cut
import numpy as np
import torch

model = torch.nn.Linear(1, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.01)
x = torch.linspace(0, 1, 30).unsqueeze(1)
t = 3 * x + 1
for k in range(200):
    opt.zero_grad()
    p = model(x).detach().numpy()
    loss = torch.tensor(np.mean((p - t.numpy()) ** 2), requires_grad=True)
    loss.backward()
    opt.step()
