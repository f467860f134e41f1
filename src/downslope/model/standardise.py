"""The coordinates in which every column is of one size, found some rows at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..data.statistics import Standardise, column_width
from ..errors import DownslopeError
from . import summing

LARGEST = 1e150  # numbers whose squares, added up, float64 still holds
BLOCK = 65_536  # rows standardised at a time


@np.errstate(over="ignore", invalid="ignore")  # what overflows is refused, by its column
def standardising(X, share, center: bool, by_kernel: bool = False) -> Standardise:
    """Weighted mean and standard deviation of each column; a constant column keeps width 1.

    Without an intercept nothing is centred and the width is the root mean square: a centre would need
    an intercept to undo it. Sparse rows are centred like dense ones, but their zeros are not filled in.
    """
    n, d = X.shape
    sparse = not isinstance(X, np.ndarray)
    noise = 1e-7 if sparse else 1e-14
    if by_kernel or summing.worth_it(X):  # one read, about a rough mean
        rough = np.zeros(d) if sparse else X[:: max(1, n // 1000)].mean(axis=0, dtype=float)
        total, squares = summing.column_sums(X, rough, share) / n
        away = total if center else -rough
        mean = rough + away
        variance = squares + away * (away - 2 * total)
        width = column_width(variance, mean, noise)
        return Standardise(mean, width, np.maximum(variance, 0.0) / width**2)
    total = np.zeros(d)
    for rows in row_blocks(n):
        total += column_sums(X[rows], share, rows)
    mean = total / n if center else np.zeros(d)
    squares, missed = np.zeros(d), np.zeros(d)
    for rows in row_blocks(n):
        block = X[rows].astype(float) if sparse else X[rows] - mean
        squares += column_sums(block.multiply(block) if sparse else block**2, share, rows)
        if center and not sparse:
            missed += column_sums(block, share, rows) / n  # the rounding of a sum over many rows
    if sparse:  # Σ(x − m)² = Σx² − n·m²
        squares = np.maximum(squares - n * mean**2, 0.0)
    mean = mean + missed
    variance = np.maximum(squares / n - missed**2, 0.0)
    width = column_width(variance, mean, noise)
    return Standardise(mean, width, variance / width**2)


def column_sums(block, share, rows) -> np.ndarray:
    ones = np.ones(block.shape[0]) if share is None else share[rows]
    return np.asarray(block.T @ ones, dtype=float)


def row_blocks(n: int, size: int = BLOCK) -> Iterator[slice]:
    return (slice(first, min(first + size, n)) for first in range(0, n, size))


def refuse_overflow(standardise, features) -> None:
    """Raise where the numbers of a column are so large that their deviation is none."""
    size = np.hypot(standardise.width, standardise.center)
    bad = np.flatnonzero(~(size < LARGEST))
    if bad.size:
        raise DownslopeError("model.column_too_large", column=features[int(bad[0])])
