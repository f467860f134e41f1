"""Character LSTM with clipping, embedding and packed batches of 16."""
import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_

torch.manual_seed(0)
text = "the quick brown fox jumps over the lazy dog. " * 20
vocab = sorted(set(text))
stoi = {c: i for i, c in enumerate(vocab)}
data = torch.tensor([stoi[c] for c in text])


class CharRNN(nn.Module):
    def __init__(self, n, hidden=32):
        super().__init__()
        self.embed = nn.Embedding(n, 16)
        self.lstm = nn.LSTM(16, hidden, batch_first=True)
        self.head = nn.Linear(hidden, n)

    def forward(self, x, state=None):
        out, state = self.lstm(self.embed(x), state)
        return self.head(out), state


model = CharRNN(len(vocab))
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
criterion = nn.CrossEntropyLoss()
for it in range(80):
    starts = torch.randint(0, len(data) - 21, (16,))
    xb = torch.stack([data[s:s + 20] for s in starts])
    yb = torch.stack([data[s + 1:s + 21] for s in starts])
    logits, _ = model(xb)
    loss = criterion(logits.reshape(-1, len(vocab)), yb.reshape(-1))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    if it % 20 == 0:
        print(it, loss.item())
