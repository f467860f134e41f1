"""How any two columns go together: means, and sums of products about them, in one read of the rows.

The rows are shifted by a rough mean before they are multiplied, so that a column far from zero loses no
digits; what the shift missed is taken off afterwards, and is small.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ..kernels.threads import each, one_blas_thread
from .scaling import Standardise, column_width

TASKS = 16  # parts that the rows are cut into, whatever the number of threads
PIECE = 65_536  # numbers that are multiplied at a time: they stay in the cache
ALONE = 2**21  # multiplications up to which one thread is done before two


@dataclass(frozen=True, eq=False)
class SecondMoments:
    """Weighted means over the rows: of each column, of each two of them, of each with each target."""

    mean: np.ndarray  # (d,) of x
    target: np.ndarray  # (k,) of y
    G: np.ndarray  # (d, d) of (x − mean)(x − mean)ᵀ
    c: np.ndarray  # (d, k) of (x − mean)(y − target)ᵀ
    weight: float = 1.0  # of all rows together, where moments of several parts are to be added
    variance: np.ndarray | None = None  # (k,) of (y − target)², where that was asked for

    def __add__(self, other: SecondMoments) -> SecondMoments:
        """Of the rows of both: what their means differ by counts too.  Chan, Golub & LeVeque 1983."""
        weight = self.weight + other.weight
        near, far = self.weight / weight, other.weight / weight
        x, y = other.mean - self.mean, other.target - self.target
        spread = None
        if self.variance is not None and other.variance is not None:
            spread = near * self.variance + far * other.variance + near * far * y**2
        return SecondMoments(
            self.mean + far * x,
            self.target + far * y,
            near * self.G + far * other.G + near * far * np.outer(x, x),
            near * self.c + far * other.c + near * far * np.outer(x, y),
            weight,
            spread,
        )

    def standardise(self, center: bool) -> Standardise:
        """x̃ = (x − mean)/σ; without a centre x/√(mean of x²)."""
        variance = np.diag(self.G)
        if center:
            return Standardise(self.mean, column_width(variance, self.mean))
        size = variance + self.mean**2
        return Standardise(np.zeros(len(size)), column_width(size, np.zeros(len(size))))

    def of(self, standardise: Standardise, intercept: bool) -> tuple[np.ndarray, np.ndarray]:
        """The means of x̃x̃ᵀ and of x̃yᵀ, (q, q) and (q, k), the intercept's column of ones included."""
        width, away = standardise.width, self.mean - standardise.center
        varies = np.diag(self.G) > (1e-14 * self.mean) ** 2  # else it is the rounding of a constant column
        G, c = self.G * varies * varies[:, None], self.c * varies[:, None]
        gram = (G + np.outer(away, away)) / width[:, None] / width
        with_target = (c + np.outer(away, self.target)) / width[:, None]
        if not intercept:
            return gram, with_target
        ones = (away / width)[:, None]
        return np.block([[gram, ones], [ones.T, np.ones((1, 1))]]), np.vstack([with_target, self.target])


def second_moments(
    X: np.ndarray, Y: np.ndarray, share: np.ndarray | None, weight: float | None = None
) -> SecondMoments:
    """One read of X (n, d), in either order, and Y (n, k); share (n,) are weights over their mean.
    `weight`: of a part of the rows, whose moments are to be added to others'."""
    n, d = X.shape
    q = d + Y.shape[1]
    sample = slice(0, n, max(1, n // 1000))
    rough = np.concatenate([X[sample].mean(axis=0, dtype=float), Y[sample].mean(axis=0)])  # (q,)
    size = min(max(PIECE // (q + 1), 512), n)
    whole = weight is None  # whose bits do not depend on the order that X lies in
    order: Any = "F" if X.flags.f_contiguous and not (whole or X.flags.c_contiguous) else "C"
    half = d // 2 if d >= 16 else d  # the lower left of a symmetric product is not worked out

    def summed(rows: slice) -> tuple[np.ndarray, np.ndarray]:
        upper, lower = np.zeros((half, q + 1)), np.zeros((d - half, q + 1 - half))
        row = np.ones((size, q + 1), order=order)  # x, y and 1, shifted
        for first in range(rows.start, rows.stop, size):
            last = min(first + size, rows.stop)
            piece = row[: last - first]
            np.subtract(X[first:last], rough[:d], out=piece[:, :d])
            np.subtract(Y[first:last], rough[d:], out=piece[:, d:q])
            left = piece if share is None else piece * share[first:last, None]
            upper += left[:, :half].T @ piece
            lower += left[:, half:d].T @ piece[:, half:]
        return upper, lower

    edges = [n * part // TASKS for part in range(TASKS + 1)]
    parts = [slice(a, b) for a, b in pairwise(edges) if a < b]
    with one_blas_thread():
        sums = [summed(part) for part in parts] if n * d * q <= ALONE else each(summed, parts)
    products = np.zeros((d, q + 1))
    for upper, lower in sums:
        products[:half] += upper
        products[half:, half:] += lower
    products /= n
    products[half:, :half] = products[:half, half:d].T
    missed = products[:, q]  # (d,)
    G = products[:, :d] - np.outer(missed, missed)
    shifted = Y - rough[d:]
    beyond = (shifted if share is None else share[:, None] * shifted).mean(axis=0)  # (k,)
    c = products[:, d:q] - np.outer(missed, beyond)
    target = rough[d:] + beyond
    if weight is None:
        return SecondMoments(rough[:d] + missed, target, (G + G.T) / 2, c)
    squares = (Y - target) ** 2
    spread = (squares if share is None else share[:, None] * squares).mean(axis=0)
    return SecondMoments(rough[:d] + missed, target, (G + G.T) / 2, c, weight, spread)
