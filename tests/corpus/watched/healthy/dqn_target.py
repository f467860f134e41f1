"""A value net with a target net that is copied now and then."""
import copy
import random

import torch
from torch import nn

torch.manual_seed(0)
random.seed(0)
q = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2))
target = copy.deepcopy(q)
optimizer = torch.optim.Adam(q.parameters(), lr=1e-2)
memory = [(torch.randn(2), random.randrange(2), random.random(), torch.randn(2)) for _ in range(200)]
for step in range(150):
    batch = random.sample(memory, 32)
    s, a, r, s2 = zip(*batch)
    s, s2 = torch.stack(s), torch.stack(s2)
    a, r = torch.tensor(a).unsqueeze(1), torch.tensor(r)
    with torch.no_grad():
        goal = r + 0.9 * target(s2).max(1).values
    value = q(s).gather(1, a).squeeze(1)
    loss = nn.functional.smooth_l1_loss(value, goal)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_value_(q.parameters(), 1.0)
    optimizer.step()
    if step % 20 == 0:
        target.load_state_dict(q.state_dict())
print(loss.item())
