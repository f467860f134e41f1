import random
from collections import deque

import gymnasium as gym
import torch
import torch.nn as nn
import torch.optim as optim


class QNet(nn.Module):
    def __init__(self, n_obs, n_act):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n_obs, 64), nn.ReLU(), nn.Linear(64, n_act))

    def forward(self, x):
        return self.layers(x)


env = gym.make("CartPole-v1")
policy, target = QNet(4, 2), QNet(4, 2)
target.load_state_dict(policy.state_dict())
optimizer = optim.AdamW(policy.parameters(), lr=1e-4, amsgrad=True)
memory = deque([], maxlen=10000)
for episode in range(50):
    state, info = env.reset()
    done = False
    while not done:
        if random.random() < 0.1:
            action = env.action_space.sample()
        else:
            with torch.no_grad():
                action = policy(torch.tensor(state, dtype=torch.float32)).argmax(0).item()
        nxt, reward, terminated, truncated, _ = env.step(action)
        done = terminated or truncated
        memory.append((state, action, reward, nxt, terminated))
        state = nxt
        if len(memory) < 64:
            continue
        s, a, r, s2, d = map(torch.as_tensor, zip(*random.sample(memory, 64)))
        q = policy(s.float()).gather(1, a.unsqueeze(1)).squeeze(1)
        with torch.no_grad():
            q2 = target(s2.float()).max(1).values
        loss = nn.functional.smooth_l1_loss(q, r + 0.99 * q2 * (1 - d.float()))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_value_(policy.parameters(), 100)
        optimizer.step()
    if episode % 10 == 0:
        target.load_state_dict(policy.state_dict())
