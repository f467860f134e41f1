# expect: clip_after_step
import torch
from torch.nn.utils import clip_grad_norm_


def update(model, optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    clip_grad_norm_(model.parameters(), max_norm=5)


rnn = torch.nn.RNN(4, 8, batch_first=True)
head = torch.nn.Linear(8, 1)
both = torch.nn.ModuleList([rnn, head])
opt = torch.optim.RMSprop(both.parameters())
for step in range(30):
    out, _ = rnn(torch.randn(6, 10, 4))
    update(both, opt, (head(out[:, -1]) - 1).pow(2).mean())
