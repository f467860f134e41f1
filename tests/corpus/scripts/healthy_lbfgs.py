import torch

x = torch.linspace(-1, 1, 50).unsqueeze(1)
y = torch.sin(3 * x)
net = torch.nn.Sequential(torch.nn.Linear(1, 20), torch.nn.Tanh(), torch.nn.Linear(20, 1))
opt = torch.optim.LBFGS(net.parameters(), lr=0.5, max_iter=20, line_search_fn="strong_wolfe")


def closure():
    opt.zero_grad()
    loss = ((net(x) - y) ** 2).mean()
    loss.backward()
    return loss


for epoch in range(30):
    loss = opt.step(closure)
    print(epoch, loss.item())
