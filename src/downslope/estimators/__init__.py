"""The scikit-learn door: Downslope's linear models as estimators."""

from .classifier import LinearClassifier
from .regressor import LinearRegressor

__all__ = ["LinearClassifier", "LinearRegressor"]
