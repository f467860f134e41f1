# expect: count_over_batches
import torch
def test(model, test_loader):
    model.eval()
    correct = 0
    total_loss = 0
    with torch.no_grad():
        for x, y in test_loader:
            out = model(x)
            total_loss += torch.nn.functional.cross_entropy(out, y).item()
            _, pred = torch.max(out.data, 1)
            correct += (pred == y).sum().item()
    print(total_loss / len(test_loader), 100 * correct / len(test_loader))
