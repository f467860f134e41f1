import torch
import torch.nn.functional as F


def fgsm(model, images, labels, eps):
    images = images.clone().detach().requires_grad_(True)
    loss = F.cross_entropy(model(images), labels)
    model.zero_grad()
    loss.backward()
    return (images + eps * images.grad.sign()).clamp(0, 1).detach()


def pgd(model, x, y, eps=0.03, alpha=0.01, iters=10):
    delta = torch.zeros_like(x, requires_grad=True)
    for _ in range(iters):
        loss = F.cross_entropy(model(x + delta), y)
        loss.backward()
        delta.data = (delta + alpha * delta.grad.detach().sign()).clamp(-eps, eps)
        delta.grad.zero_()
    return delta.detach()


net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
net.eval()
x, y = torch.rand(4, 1, 28, 28), torch.randint(0, 10, (4,))
print(fgsm(net, x, y, 0.1).shape, pgd(net, x, y).shape)
