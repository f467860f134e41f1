"""How good predictions are, in the units of y."""

from __future__ import annotations

import numpy as np

from ..data import Dataset


def regression_metrics(dataset: Dataset, predicted) -> dict[str, float]:
    """R² = 1 − Σs(y − ŷ)²/Σs(y − ȳ)²,  RMSE = √(Σs(y − ŷ)²/Σs),  MAE = Σs|y − ŷ|/Σs.

    Over several outputs, each is the mean over them, as in scikit-learn. R² is NaN where y is constant.

    >>> rows = Dataset.from_arrays([[1.0], [2.0]], [1.0, 3.0])
    >>> regression_metrics(rows, np.array([1.0, 2.0]))
    {'r2': 0.5, 'rmse': 0.7071067811865476, 'mae': 0.5}
    """
    y = np.asarray(dataset.y, dtype=float).reshape(len(dataset), -1)
    away = np.asarray(predicted, dtype=float).reshape(y.shape) - y
    s = np.ones(len(y)) if dataset.weights is None else np.asarray(dataset.weights)
    total = s.sum()
    squares = s @ away**2 / total  # (k,)
    spread = s @ (y - s @ y / total) ** 2 / total
    r2 = np.where(spread > 0, 1 - squares / np.where(spread > 0, spread, 1), np.nan)
    return {
        "r2": float(r2.mean()),
        "rmse": float(np.sqrt(squares).mean()),
        "mae": float((s @ np.abs(away) / total).mean()),
    }
