# expect: dropout_always_on
import torch


class Regressor(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = torch.nn.Linear(3, 30)
        self.b = torch.nn.Linear(30, 1)

    def forward(self, inputs):
        hidden = torch.nn.functional.dropout(torch.tanh(self.a(inputs)))
        return self.b(hidden)
