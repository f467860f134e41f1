# expect: cross_entropy_one_output
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


class Spam(torch.nn.Module):
    def __init__(self, words):
        super().__init__()
        self.score = torch.nn.Linear(words, 1)

    def forward(self, x):
        return self.score(x)


def run(model, loader, opt):
    for xb, yb in loader:
        opt.zero_grad()
        out = model(xb)
        loss = F.cross_entropy(out, yb)
        loss.backward()
        opt.step()


model = Spam(50)
loader = DataLoader(TensorDataset(torch.rand(64, 50), torch.randint(0, 2, (64,))), batch_size=16, shuffle=True)
run(model, loader, torch.optim.SGD(model.parameters(), lr=0.1))
