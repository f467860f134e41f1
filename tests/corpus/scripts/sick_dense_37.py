# expect: scaled_before_split
import torch
from torch.utils.data import TensorDataset, random_split
X = torch.randn(100, 3) * 5; y = torch.randn(100, 1)
X = (X - X.mean(dim=0)) / X.std(dim=0)
tr, te = random_split(TensorDataset(X, y), [80, 20])
