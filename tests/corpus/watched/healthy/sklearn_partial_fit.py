"""scikit-learn's SGDRegressor, one partial_fit an epoch."""
import numpy as np
from sklearn.linear_model import SGDRegressor

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 3))
y = X @ [1.0, 2.0, 3.0]
model = SGDRegressor(random_state=0)
for epoch in range(20):
    model.partial_fit(X, y)
    mse = np.mean((model.predict(X) - y) ** 2)
print(mse)
