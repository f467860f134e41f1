"""The scikit-learn door: linear models and small nets as estimators."""

from .classifier import LinearClassifier
from .nets import NetClassifier, NetRegressor
from .regressor import LinearRegressor

__all__ = ["LinearClassifier", "LinearRegressor", "NetClassifier", "NetRegressor"]
