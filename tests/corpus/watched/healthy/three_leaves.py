"""x² + y² + z² by autograd: leaves moved and cleared by hand."""
import torch

torch.manual_seed(0)
x, y, z = (torch.randint(-10, 11, (1,)).float().requires_grad_() for _ in range(3))
for _ in range(400):
    loss = (x**2 + y**2 + z**2).sum()
    loss.backward()
    with torch.no_grad():
        for leaf in (x, y, z):
            leaf -= 0.05 * leaf.grad
            leaf.grad.zero_()
print(x.item(), y.item(), z.item())
