# expect: made_in_loop
import torch


def train_epoch(model, data):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for x, y in data:
        optimizer.zero_grad()
        loss = (model(x) - y).pow(2).mean()
        loss.backward()
        optimizer.step()


model = torch.nn.Linear(2, 1)
batches = [(torch.randn(8, 2), torch.randn(8, 1)) for _ in range(5)]
for epoch in range(20):
    train_epoch(model, batches)
