"""Targets made a column before use."""
import numpy as np
import torch

features = np.array([[1.0], [2.0], [3.0]], dtype=np.float32)
labels = np.array([2.0, 4.0, 6.0], dtype=np.float32)
X = torch.from_numpy(features)
y = torch.from_numpy(labels).view(-1, 1)
model = torch.nn.Sequential(torch.nn.Linear(1, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
optim = torch.optim.Adam(model.parameters())
for epoch in range(100):
    optim.zero_grad()
    loss = torch.nn.MSELoss()(model(X), y)
    loss.backward()
    optim.step()
