import torch
import torch.nn as nn
import torch.nn.functional as F


class Encoder(nn.Module):
    def __init__(self, vocab, hidden):
        super().__init__()
        self.embedding = nn.Embedding(vocab, hidden)
        self.gru = nn.GRU(hidden, hidden, batch_first=True)

    def forward(self, x):
        return self.gru(self.embedding(x))


class Decoder(nn.Module):
    def __init__(self, vocab, hidden):
        super().__init__()
        self.embedding = nn.Embedding(vocab, hidden)
        self.gru = nn.GRU(hidden, hidden, batch_first=True)
        self.attn = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, vocab)

    def forward(self, token, hidden, memory):
        scores = torch.bmm(self.attn(memory), hidden.permute(1, 2, 0))
        weights = F.softmax(scores, dim=1)
        context = (weights * memory).sum(dim=1, keepdim=True)
        output, hidden = self.gru(F.relu(self.embedding(token)) + context, hidden)
        return self.out(output[:, -1]), hidden


encoder, decoder = Encoder(50, 32), Decoder(50, 32)
enc_opt = torch.optim.Adam(encoder.parameters())
dec_opt = torch.optim.Adam(decoder.parameters())
criterion = nn.CrossEntropyLoss()
for step in range(20):
    src, tgt = torch.randint(0, 50, (8, 7)), torch.randint(0, 50, (8, 5))
    enc_opt.zero_grad()
    dec_opt.zero_grad()
    memory, hidden = encoder(src)
    token = torch.zeros(8, 1, dtype=torch.long)
    loss = 0
    for t in range(tgt.size(1)):
        logits, hidden = decoder(token, hidden, memory)
        loss += criterion(logits, tgt[:, t])
        token = logits.argmax(dim=1, keepdim=True).detach()
    loss.backward()
    enc_opt.step()
    dec_opt.step()
