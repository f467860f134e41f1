import torch
import torch.distributed.autograd as dist_autograd
from torch import optim
from torch.distributed.optim import DistributedOptimizer


def run_trainer(net, data):
    criterion = torch.nn.CrossEntropyLoss()
    opt = DistributedOptimizer(optim.SGD, net.parameter_rrefs(), lr=0.05)
    for inputs, labels in data:
        with dist_autograd.context() as context_id:
            loss = criterion(net(inputs), labels)
            dist_autograd.backward(context_id, [loss])
            opt.step(context_id)
