# expect: graph_cut
import torch


def fit(model, x, y, criterion, optimizer, epochs=10):
    model.train()
    for epoch in range(epochs):
        with torch.no_grad():
            optimizer.zero_grad()
            output = model(x)
            loss = criterion(output, y)
            loss.backward()
            optimizer.step()


net = torch.nn.Linear(5, 2)
fit(net, torch.randn(20, 5), torch.randint(0, 2, (20,)), torch.nn.CrossEntropyLoss(), torch.optim.SGD(net.parameters(), lr=0.1))
