import torch
import torch.nn as nn
import random
# weight sharing in a loop of unknown length
class DynamicNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.randn(()))
        self.b = nn.Parameter(torch.randn(()))
    def forward(self, x):
        y = self.a + self.b * x
        for exp in range(4, random.randint(4, 6)):
            y = y + self.b * x**exp
        return y
    def string(self):
        return f"{self.a.item()} + {self.b.item()}"
x = torch.linspace(-1, 1, 200); y = torch.sin(x)
model = DynamicNet()
criterion = nn.MSELoss(reduction="sum")
optimizer = torch.optim.SGD(model.parameters(), lr=1e-8, momentum=0.9)
for t in range(300):
    y_pred = model(x)
    loss = criterion(y_pred, y)
    if t % 100 == 0: print(t, loss.item())
    optimizer.zero_grad(); loss.backward(); optimizer.step()
