# expect: fitted_on_test
from sklearn.preprocessing import StandardScaler
from sklearn.model_selection import train_test_split
import numpy as np
X, y = np.random.rand(50, 3), np.random.rand(50)
X_tr, X_te, y_tr, y_te = train_test_split(X, y)
X_tr = StandardScaler().fit_transform(X_tr)
X_te = StandardScaler().fit_transform(X_te)
