import torch
import torch.nn.functional as F
from torch.distributions import Categorical

policy = torch.nn.Sequential(torch.nn.Linear(4, 32), torch.nn.ReLU(), torch.nn.Linear(32, 2))
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)


def run(env):
    for episode in range(100):
        state, _ = env.reset()
        log_probs, rewards = [], []
        done = False
        while not done:
            probs = F.softmax(policy(torch.from_numpy(state).float()), dim=0)
            m = Categorical(probs)
            action = m.sample()
            log_probs.append(m.log_prob(action))
            state, reward, done, _, _ = env.step(action.item())
            rewards.append(reward)
        returns, R = [], 0.0
        for r in reversed(rewards):
            R = r + 0.99 * R
            returns.insert(0, R)
        returns = torch.tensor(returns)
        loss = torch.stack([-lp * R for lp, R in zip(log_probs, returns)]).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
