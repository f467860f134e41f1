# expect: count_over_batches
import torch


def evaluate(model, loader, device):
    model.eval()
    num_correct = 0
    for data, target in loader:
        data, target = data.to(device), target.to(device)
        with torch.no_grad():
            output = model(data)
        pred = output.argmax(dim=1, keepdim=True)
        num_correct += pred.eq(target.view_as(pred)).sum().item()
    acc = 100.0 * num_correct / len(loader)
    print(f"accuracy {acc:.2f}%")
    return acc
