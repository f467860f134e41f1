import copy

import numpy as np
import torch
from sklearn.model_selection import KFold
from torch import nn

X, y = torch.randn(100, 5), torch.randn(100, 1)
scores = []
for fold, (tr, va) in enumerate(KFold(5, shuffle=True, random_state=0).split(X)):
    model = nn.Linear(5, 1)
    opt = torch.optim.SGD(model.parameters(), lr=0.05)
    best, best_weights = np.inf, None
    for epoch in range(50):
        model.train()
        opt.zero_grad()
        loss = nn.functional.mse_loss(model(X[tr]), y[tr])
        loss.backward()
        opt.step()
        model.eval()
        with torch.no_grad():
            val = nn.functional.mse_loss(model(X[va]), y[va]).item()
        if val < best:
            best, best_weights = val, copy.deepcopy(model.state_dict())
    model.load_state_dict(best_weights)
    scores.append(best)
print(np.mean(scores))
