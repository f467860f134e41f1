# expect: graph_kept
import torch

w = torch.tensor([1.0], requires_grad=True)
history = []
for epoch in range(100):
    loss = (w * 3 - 6) ** 2
    loss.backward()
    with torch.no_grad():
        w -= 0.01 * w.grad
        w.grad.zero_()
    history.append(loss)
print(len(history))
