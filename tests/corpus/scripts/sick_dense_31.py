# expect: zero_weights
import torch
from torch import nn
net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
for layer in net:
    if isinstance(layer, nn.Linear):
        layer.weight.data.zero_(); layer.bias.data.zero_()
