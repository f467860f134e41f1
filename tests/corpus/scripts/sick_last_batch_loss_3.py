# expect: last_batch_loss
import torch

net = torch.nn.Linear(2, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
data = [(torch.randn(4, 2), torch.randn(4, 1)) for _ in range(10)]
history = {"loss": []}
for epoch in range(20):
    for x, y in data:
        opt.zero_grad()
        loss = torch.nn.functional.mse_loss(net(x), y)
        loss.backward()
        opt.step()
    history["loss"].append(loss.item())
