"""∂f/∂xⱼ from values of f alone, to nearly all of its digits: what a gradient is held against."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..errors import DownslopeError


def extrapolated(
    value: Callable, x: np.ndarray, j: int, noise: float, name: str, widest: float = 0.1
) -> tuple[float, float]:
    """∂f/∂xⱼ from central differences over ever smaller h, extrapolated to h = 0; and how sure that is.
    `widest`: the first h, relative to xⱼ or 1.

    Ridders 1982.  Raises DownslopeError where the slopes on the two sides differ however small h is.
    """
    h = widest * max(1.0, abs(float(x[j]))) * 3.0 ** -np.arange(16)
    unit = np.zeros(x.size)
    unit[j] = 1.0
    ahead = np.array([value(x + step * unit) for step in h])
    behind = np.array([value(x - step * unit) for step in h])
    with np.errstate(all="ignore"):
        _refuse_kink(np.abs(ahead + behind - 2 * value(x)) / h, 4 * noise / h, name)
        rounding = (noise + np.finfo(float).eps * np.maximum(np.abs(ahead), np.abs(behind))) / h
        column, best, slack = (ahead - behind) / ((x[j] + h) - (x[j] - h)), np.nan, np.inf
        for order in range(1, 6):
            power = 9.0**order
            following = (power * column[1:] - column[:-1]) / (power - 1)
            error = np.maximum(np.abs(following - column[1:]), np.abs(following - column[:-1]))
            error = error + rounding[order:]
            if np.isfinite(error).any() and np.nanmin(error) < slack:
                place = int(np.nanargmin(error))
                best, slack = float(following[place]), float(error[place])
            column = following
    return best, slack


def _refuse_kink(gap: np.ndarray, noise: np.ndarray, name: str) -> None:
    """The slopes ahead and behind differ by `gap`, which for a smooth f falls with h."""
    clear = np.flatnonzero(gap > 100 * noise)
    if len(clear) < 5 or not np.array_equal(clear[-5:], np.arange(clear[-1] - 4, clear[-1] + 1)):
        return
    last = clear[-1]
    hidden = last == len(gap) - 1 or 100 * noise[last + 1] > 0.7 * gap[last]  # by rounding, not by falling
    ratios = gap[clear[-4:]] / gap[clear[-5:-1]]
    if hidden and (np.abs(np.log(ratios)) < 0.3).all():
        raise DownslopeError("instruments.kink", name=name, gap=f"{gap[last]:.4g}")


def rounding_of(value: Callable, x: np.ndarray, d: np.ndarray, base: float) -> float:
    """The size of rounding in f: what third differences over a tiny step leave.  After Moré & Wild 2011."""
    third = np.diff([value(x + 1e-6 * k * d) for k in range(8)], 3)
    with np.errstate(all="ignore"):
        rounding = float(np.sqrt(np.mean(third**2) / 20))  # 1² + 3² + 3² + 1²
    return max(np.finfo(float).eps * abs(base), rounding if np.isfinite(rounding) else 0.0, 1e-300)
