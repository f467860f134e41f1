# expect: fitted_on_test
import numpy as np
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

X = np.random.randn(100, 20)
Xtrain, Xval = X[:80], X[80:]
pca = PCA(n_components=5).fit(Xtrain)
Ztrain = pca.transform(Xtrain)
scaler = StandardScaler()
Ztrain = scaler.fit_transform(Ztrain)
pca.fit(Xval)
Zval = scaler.transform(pca.transform(Xval))
