# expect: best_not_copied
import torch
from torch import nn
def train(net, opt, data, val):
    best_w = None; best_v = 1e9
    for e in range(20):
        for x, y in data:
            opt.zero_grad(); nn.functional.mse_loss(net(x), y).backward(); opt.step()
        v = sum(nn.functional.mse_loss(net(x), y).item() for x, y in val)
        if v < best_v:
            best_v, best_w = v, net.state_dict()
    net.load_state_dict(best_w)
    return net
