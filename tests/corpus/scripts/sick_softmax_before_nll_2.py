# expect: softmax_before_nll
import torch
import torch.nn as nn
import torch.nn.functional as F


class Classifier(nn.Module):
    def __init__(self):
        super(Classifier, self).__init__()
        self.hidden = nn.Linear(10, 20)
        self.out = nn.Linear(20, 3)

    def forward(self, x):
        x = F.relu(self.hidden(x))
        return F.softmax(self.out(x), dim=1)


def train(model, batches):
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    for data, target in batches:
        opt.zero_grad()
        output = model(data)
        loss = F.nll_loss(output, target)
        loss.backward()
        opt.step()


train(Classifier(), [(torch.randn(8, 10), torch.randint(0, 3, (8,)))])
