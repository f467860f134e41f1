"""Weighted least squares, solved: the minimiser of a squared loss with an L2 penalty.

Normal equations of the raw columns lose half of the digits. So the columns are standardised first,
the moments are factored by Cholesky, and the answer is refined with residuals taken from the rows
(corrected semi-normal equations, Björck 1987). When the condition number leaves Cholesky nothing to
refine, the singular values decide: the rank, and then the smallest weights among all minimisers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..errors import DownslopeError
from ..kernels.threads import lapack
from .basis import least_norm, singular, stacked, triangle
from .linear import LinearTerm
from .partitioned import PLAIN
from .pivots import WIDE, Pivots, proved

TRUSTED = 1e12  # condition number of the moments up to which Cholesky is refined
EPS = np.finfo(float).eps
FEW = 8  # columns whose moments are solved anew each time, sooner than SciPy's Cholesky is imported
SMALL = 100_000  # numbers in X up to which residuals are taken in extended precision
HARD, MEDIUM = 1e6, 2_000_000  # and up to how many, where the condition number of the moments is above HARD


@dataclass(frozen=True)
class LeastSquares:
    """The minimiser, and how sure it is."""

    theta: np.ndarray  # (p,)
    rank: int
    columns: int  # what the rank would be if no column were a combination of others
    condition: float  # of the standardised columns
    way: str  # "cholesky", "pivots" or "svd"
    dependent: tuple[int, ...]  # columns that take part in a dependence
    seen: Any = None  # what `term.at` gives there, where the refinement came by


def least_squares(term, l2: np.ndarray | None = None) -> LeastSquares:
    """argmin_θ Σᵢ sᵢ(x̃ᵢ·θ − yᵢ)²/Σ sᵢ + ½Σⱼ l2ⱼθⱼ², and among several the one of least ‖w‖.

    `l2` is the price of each θ in its own coordinates, (p,).
    """
    q, k = term.inputs, term.outputs
    ridge = np.zeros(q) if l2 is None else l2.reshape(q, k)[:, 0] / 2
    moments = term.gram + np.diag(ridge)
    _refuse_overflow(moments)
    size = np.sqrt(np.diag(moments))
    size = np.where(size > 0, size, 1.0)
    wide = Pivots.of(moments / size / size[:, None]) if q > WIDE else None
    if wide is None:
        eigenvalues = np.linalg.eigvalsh(moments / size / size[:, None])
        smallest, largest = eigenvalues[0], eigenvalues[-1]
    else:
        smallest, largest = wide.spectrum
    full = wide is None or not len(wide.others)
    if full and largest > 0 and smallest * TRUSTED > largest:
        enough = not term.in_memory and smallest * PLAIN >= largest
        few = SMALL if smallest * HARD > largest else MEDIUM
        extended = term.rows * q <= few and term.in_memory
        solve = _by_cholesky(moments, size) if wide is None else _by_pivots(wide, size)
        theta = solve(_with_target(term))
        theta, seen = _refined(term, theta, solve, size, ridge, 0 if enough else 10, extended)
        condition = float(np.sqrt(largest / smallest))
        return LeastSquares(theta.ravel(), q, q, condition, "cholesky", (), seen)
    if wide is not None and not full and not ridge.any() and proved(term, wide, size):
        return _of_the_independent(term, wide, size)
    return _by_singular_values(term, ridge)


def _refuse_overflow(sums) -> None:
    """Refuse rows whose squares or products are beyond the largest number."""
    if not np.isfinite(sums.astype(float)).all():
        raise DownslopeError("model.squares_overflow")


def _refined(term, theta, solve, size, ridge, most: int, extended: bool):
    """θ corrected with the rows' own residuals until that helps no more, or `most` times. `solve`: half a
    gradient → the change of θ that takes it away; `extended`: residuals are found in extended precision."""
    precise = np.longdouble if extended else np.float64
    theta, seen = theta.astype(precise), None
    reach = before = float(np.abs(theta * size[:, None]).max())
    for _ in range(most):
        descent, seen = _downhill(term, theta, ridge, precise)
        change = solve(descent)
        moved = float(np.abs(change * size[:, None]).max())
        if not moved < 0.5 * before:  # refinement has reached what the arithmetic can tell
            break
        if precise is np.float64 and moved < 8 * EPS * reach:
            break  # lost in rounding
        theta, seen = theta + change, None
        if precise is np.float64 and moved * moved / before < EPS * reach:
            break  # the next change, smaller by the same factor, would be lost
        before = moved
    return theta.astype(float), seen if precise is np.float64 else None


def _by_cholesky(moments, size) -> Callable:
    """Half a gradient → the change of θ that takes it away."""
    scaled = moments / size / size[:, None]
    if len(size) <= FEW:
        inverse: Callable = partial(np.linalg.solve, scaled)
    else:
        linalg = lapack()
        inverse = partial(linalg.cho_solve, linalg.cho_factor(scaled))

    def solve(pull):
        _refuse_overflow(pull)
        return inverse(pull.astype(float) / size[:, None]) / size[:, None]

    return solve


def _by_pivots(pivots: Pivots, size) -> Callable:
    """The same, of many columns; of dependent ones a change of θ in the independent columns."""

    def solve(pull):
        _refuse_overflow(pull)
        return pivots.solve(pull.astype(float) / size[:, None]) / size[:, None]

    return solve


def _of_the_independent(term, pivots: Pivots, size) -> LeastSquares:
    """By Cholesky in columns that are independent; then the smallest weights among all minimisers."""
    by_pivots = _by_pivots(pivots, size)
    null, width = pivots.null / size[:, None], term.standardise.width[:, None]
    Q, T = np.linalg.qr(null[: len(width)] / width)

    def shortest(theta):  # `least_norm`, for the same `null` each time
        return theta - null @ lapack().solve_triangular(T, Q.T @ (theta[: len(width)] / width))

    solve, ridge = lambda pull: shortest(by_pivots(pull)), np.zeros(len(size))
    extended = term.in_memory and term.rows * len(size) <= SMALL
    theta, _ = _refined(term, solve(_with_target(term)), solve, size, ridge, 10, extended)
    smallest, largest = pivots.spectrum
    dependent = tuple(np.flatnonzero(np.linalg.norm(pivots.null, axis=1) > 1e-7).tolist())
    found = float(np.sqrt(largest / smallest)), "pivots", dependent
    return LeastSquares(theta.ravel(), len(pivots.columns), len(size), *found)


def _with_target(term) -> np.ndarray:
    """Σᵢ sᵢ x̃ᵢyᵢ / Σᵢ sᵢ  (q, k)"""
    if term.dense:
        return term.moments.of(term.standardise, term.intercept)[1]
    return _downhill(term, np.zeros((term.inputs, term.outputs)), np.zeros(1), np.float64)[0]


def _downhill(term, theta, ridge, precise):
    """Minus half the gradient: Σᵢ sᵢ x̃ᵢ(yᵢ − x̃ᵢ·θ)/Σ sᵢ − ridge·θ, from the rows, (q, k); and what `term.at`
    gives, where that is how it was found."""
    near = np.abs(term.standardise.center) <= 1e3 * term.standardise.width
    if precise is np.float64 and near.all():  # else x·w + b would lose the digits that x̃·θ keeps
        seen = term.at_rows(theta.ravel())
        return -seen[1].reshape(theta.shape) / 2 - ridge[:, None] * theta, seen
    total = term.map_reduce(partial(_residuals, theta, precise))
    return total / term.rows - ridge[:, None] * theta, None


def _residuals(theta, precise, term: LinearTerm) -> np.ndarray:
    """Σᵢ sᵢ x̃ᵢ(yᵢ − x̃ᵢ·θ), (q, k)"""
    total = np.zeros(theta.shape, dtype=precise)
    for rows, block in term.blocks(precise):
        residual = term.Y[rows] - block @ theta
        total += block.T @ term.weighted(residual, rows)
    return total


def _by_singular_values(term, ridge) -> LeastSquares:
    """R of the rows (QR, some rows at a time), its singular values, and the smallest weights.

    With θ = B·v, BᵀGB = I, the rows ask for v = c; the penalty, ‖Kv‖² once θ is moved along the null space to
    where it is least, makes (I + KᵀK)⁻¹c of it: no digits are lost however small the penalty is.
    """
    q = len(ridge)
    R = term.map_reduce(triangle, plus=stacked) / np.sqrt(term.rows)
    found = singular(term, R[:, :q], priced=bool(ridge.any()))
    width = np.append(term.standardise.width, np.zeros(int(term.intercept)))
    root = np.sqrt(ridge)[:, None]
    K = root * least_norm(found.ways, found.null, width)
    _, stretch, turn = np.linalg.svd(K, full_matrices=False)

    def solve(pull):  # of θ
        return weights(found.ways.T @ np.asarray(pull, dtype=float))

    def weights(v):
        v = turn.T @ ((turn @ v) / (1 + stretch[:, None] ** 2)) if ridge.any() else v
        return least_norm(found.ways @ v, found.null, width)

    theta = weights(found.U.T @ R[:, q:])
    if term.in_memory and term.rows * q <= MEDIUM:
        size = np.sqrt((R[:, :q] ** 2).sum(axis=0))
        theta = _refined(term, theta, solve, np.where(size > 0, size, 1.0), ridge, 10, True)[0]
    rank = q if ridge.any() else len(found.S)
    condition = found.condition
    return LeastSquares(theta.ravel(), rank, q, condition, "svd", found.dependent if rank < q else ())
