import torch
import torch.nn as nn


class Classifier(nn.Module):
    def __init__(self, vocab, classes, dim=64, heads=4, layers=2):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim, padding_idx=0)
        self.pos = nn.Parameter(torch.zeros(1, 256, dim))
        block = nn.TransformerEncoderLayer(dim, heads, 4 * dim, batch_first=True)
        self.encoder = nn.TransformerEncoder(block, layers)
        self.norm = nn.LayerNorm(dim)
        self.out = nn.Linear(dim, classes)

    def forward(self, tokens):
        mask = tokens == 0
        x = self.embed(tokens) + self.pos[:, :tokens.size(1)]
        x = self.encoder(x, src_key_padding_mask=mask)
        x = self.norm(x).masked_fill(mask.unsqueeze(-1), 0).sum(1) / (~mask).sum(1, keepdim=True)
        return self.out(x)


def accuracy(logits, labels):
    return (logits.argmax(-1) == labels).float().mean().item()


def run(model, loader, optimizer=None, scheduler=None):
    training = optimizer is not None
    model.train(training)
    losses, accs = [], []
    with torch.set_grad_enabled(training):
        for tokens, labels in loader:
            logits = model(tokens)
            loss = nn.functional.cross_entropy(logits, labels)
            if training:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                scheduler.step()
            losses.append(loss.item())
            accs.append(accuracy(logits, labels))
    return sum(losses) / len(losses), sum(accs) / len(accs)


def main(train_loader, val_loader, epochs=10):
    model = Classifier(20000, 4)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4, weight_decay=0.01)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-4, total_steps=epochs * len(train_loader))
    for epoch in range(epochs):
        print(epoch, run(model, train_loader, optimizer, scheduler), run(model, val_loader))
