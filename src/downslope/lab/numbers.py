"""Arrays as plain data for JSON: short where they are drawn, exact where they are read."""

from __future__ import annotations

import numpy as np


def exact(values) -> list:
    """Every digit; None for what is not finite."""
    values = np.asarray(values, dtype=float)
    if np.isfinite(values).all():
        return values.tolist()
    return np.where(np.isfinite(values), values, np.array(None)).tolist()


def short(values, digits: int = 6) -> list:
    """As many significant digits, for what is drawn.

    >>> short([1.23456789, 0.0, -12345678.0])
    [1.23457, 0.0, -12345700.0]
    """
    values = np.asarray(values, dtype=float)
    with np.errstate(all="ignore"):
        size = np.floor(np.log10(np.abs(np.where(values == 0, 1.0, values))))
        scale = 10.0 ** np.clip(digits - 1 - size, -300, 300)
        rounded = np.where(np.isfinite(values * scale), np.round(values * scale) / scale, values)
    return exact(rounded)
