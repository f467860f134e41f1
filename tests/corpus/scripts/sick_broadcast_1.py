# expect: broadcast
import torch

x = torch.tensor([[1.0], [2.0], [3.0]])
y = torch.tensor([2.0, 4.0, 6.0])
model = torch.nn.Linear(1, 1)
criterion = torch.nn.MSELoss()
opt = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(100):
    loss = criterion(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
