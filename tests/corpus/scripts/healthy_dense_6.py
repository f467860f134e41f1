import torch
# a sum with a small rate
X, y = torch.randn(100, 3), torch.randn(100, 1)
net = torch.nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=1e-6)
loss_fn = torch.nn.MSELoss(reduction="sum")
for t in range(2000):
    y_pred = net(X)
    loss = loss_fn(y_pred, y)
    if t % 100 == 99:
        print(t, loss.item())
    net.zero_grad()
    loss.backward()
    with torch.no_grad():
        for param in net.parameters():
            param -= 1e-6 * param.grad
