# expect: no_zero_grad
import torch
from torch import nn
def main():
    net = nn.Linear(2, 1); opt = torch.optim.SGD(net.parameters(), lr=.1); fn = nn.MSELoss()
    X, y = torch.randn(9, 2), torch.randn(9, 1)
    step = 0
    while step < 100:
        out = net(X)
        fn(out, y).backward()
        opt.step()
        step += 1
if __name__ == "__main__":
    main()
