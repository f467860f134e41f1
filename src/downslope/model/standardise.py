"""Coordinates in which every column is of one size, found some rows at a time and never written out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from . import summing

BLOCK = 65_536  # rows standardised at a time


@dataclass(frozen=True)
class Standardise:
    """x̃ = (x − center)/width, by column."""

    center: np.ndarray  # (d,)
    width: np.ndarray  # (d,)
    sizes: np.ndarray | None = None  # (d,) the mean of x̃² over the rows that it was found on, where known

    @cached_property
    def plain(self) -> bool:
        """Whether columns are as they are."""
        return not self.center.any() and bool((self.width == 1).all())

    def to_user(self, theta: np.ndarray, intercept: bool) -> np.ndarray:
        """w = u/width,  b = c − center·w"""
        d = len(self.width)
        inner = theta.reshape(d + intercept, -1)
        user = inner.copy()
        user[:d] /= self.width[:, None]
        if intercept:
            user[d] -= self.center @ user[:d]
        return user.ravel()

    def to_inner(self, params: np.ndarray, intercept: bool) -> np.ndarray:
        """u = w·width,  c = b + center·w"""
        d = len(self.width)
        user = params.reshape(d + intercept, -1)
        inner = user * np.append(self.width, np.ones(int(intercept)))[:, None]
        if intercept:
            inner[d] = user[d] + self.center @ user[:d]
        return inner.ravel()

    def uncentred(self) -> Standardise:
        """Columns divided by their root mean square, and not moved: what is 0 stays 0."""
        width = np.hypot(self.width, self.center)
        sizes = None if self.sizes is None else (self.sizes * self.width**2 + self.center**2) / width**2
        return Standardise(np.zeros(len(width)), width, sizes)


def identity(d: int) -> Standardise:
    """Columns as they are."""
    return Standardise(np.zeros(d), np.ones(d))


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


def column_width(variance, mean, noise=1e-14) -> np.ndarray:
    """The standard deviation of each column; 1 where rounding is all that is left of a constant one."""
    width = np.sqrt(np.maximum(variance, 0.0))
    return np.where(width > noise * np.abs(mean), width, 1.0)


def column_sums(block, share, rows) -> np.ndarray:
    ones = np.ones(block.shape[0]) if share is None else share[rows]
    return np.asarray(block.T @ ones, dtype=float)


def row_blocks(n: int, size: int = BLOCK) -> Iterator[slice]:
    return (slice(first, min(first + size, n)) for first in range(0, n, size))
