"""A recurrent net in a function: its loss over the steps of time is summed and sent backward."""
import torch
from torch import nn


def train(cell, embed, batches, lr=0.05):
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(list(cell.parameters()) + list(embed.parameters()), lr=lr)
    for inputs, labels in batches:
        loss = 0
        optimizer.zero_grad()
        hidden = torch.zeros(1, cell.hidden_size)
        for x, label in zip(inputs, labels):
            hidden = cell(x, hidden)
            loss += criterion(embed(hidden), label)
        loss.backward()
        optimizer.step()
        print(loss.item())


train(nn.RNNCell(4, 4), nn.Linear(4, 4), [])
