"""Coordinates in which every column is of one size; rows are never written out in them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np


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


def column_width(variance, mean, noise=1e-14) -> np.ndarray:
    """The standard deviation of each column; 1 where rounding is all that is left of a constant one."""
    width = np.sqrt(np.maximum(variance, 0.0))
    return np.where(width > noise * np.abs(mean), width, 1.0)
