import torch
# validation loss guides a hyperparameter by gradient
lam = torch.tensor(0.1, requires_grad=True)
X_train, y_train, X_val, y_val = torch.randn(30, 3), torch.randn(30), torch.randn(10, 3), torch.randn(10)
opt = torch.optim.Adam([lam], lr=0.05)
for _ in range(20):
    w = torch.linalg.solve(X_train.T @ X_train + lam.exp() * torch.eye(3), X_train.T @ y_train)
    loss = ((X_val @ w - y_val) ** 2).mean()
    opt.zero_grad(); loss.backward(); opt.step()
