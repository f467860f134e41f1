"""Eigenvalues at the ends of a spectrum, from products with the matrix alone; a record of the largest."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

STEPS = 64  # products

Times = Callable[[np.ndarray], np.ndarray]


class Curvature(NamedTuple):
    """A measured largest eigenvalue of the Hessian, with the bound on the rate that follows from it."""

    loop: int
    step: int
    value: float
    error: float  # the value is exact up to this much
    rows: int = 0
    batch: bool = False  # of a mini-batch
    preconditioned: bool = False
    bound: float = math.nan  # on the rate
    rate: float = math.nan
    noise_scale: float | None = None


def outer_eigenvalues(times: Times, size: int) -> tuple[float, float]:
    """(least, largest) Ritz value of a symmetric matrix after 64 products: the least eigenvalue is that or
    less, the largest that or more, as for every Rayleigh quotient. Lanczos 1950, all vectors kept orthogonal.

    >>> H = np.diag([1.0, 2.0, 5.0])
    >>> tuple(round(value, 9) for value in outer_eigenvalues(lambda v: H @ v, 3))
    (1.0, 5.0)
    """
    start = np.random.default_rng(0).standard_normal(size)  # fixed, so that the same rows give the same bits
    for middle, side, _ in _lanczos(times, start):
        last = middle, side
    values = np.linalg.eigvalsh(_tridiagonal(*last))
    return float(values[0]), float(values[-1])


def largest_eigenvalue(
    times: Times,
    start: np.ndarray,
    tolerance: float = 2e-3,
    go_on: Callable[[], bool] = lambda: True,
) -> tuple[float, float, np.ndarray]:
    """(value, error, vector): the largest Ritz value, its residual ‖Hv − value·v‖, its vector v (p,).

    An eigenvalue lies within `error` of `value`, and the largest is `value` or more. Ends when `error` is
    below `tolerance` of the value, after 64 products, or when `go_on()`, asked after each, says no.

    >>> H = np.diag([1.0, 2.0, 5.0])
    >>> value, error, _ = largest_eigenvalue(lambda v: H @ v, np.ones(3))
    >>> round(value, 9), error < 1e-9
    (5.0, True)
    """
    for middle, side, basis in _lanczos(times, start):
        values, vectors = np.linalg.eigh(_tridiagonal(middle, side))
        length = side[-1] if len(side) == len(middle) else 0.0  # 0: the vectors span all that H reaches
        value, error, top = float(values[-1]), float(length * abs(vectors[-1, -1])), vectors[:, -1] @ basis
        if not error > tolerance * abs(value) or not go_on():
            break
    return value, error, top


def _lanczos(times: Times, start: np.ndarray) -> Iterator[tuple[list[float], list[float], np.ndarray]]:
    """After each product: the diagonal and the side diagonal of the tridiagonal matrix, and the basis (k, p).
    The side diagonal's last number leads to the next vector; it is missing where there is none."""
    basis = np.zeros((min(STEPS, start.size), start.size))
    middle: list[float] = []
    side: list[float] = []
    v = start / np.linalg.norm(start)
    for step in range(len(basis)):
        basis[step] = v
        w = times(v)
        middle.append(float(v @ w))
        for _ in range(2):  # once leaves rounding that grows from step to step
            w = w - basis[: step + 1].T @ (basis[: step + 1] @ w)
        length = float(np.linalg.norm(w))
        if length <= 1e-12 * abs(max(middle, key=abs)):
            yield middle, side, basis[: step + 1]
            return
        side.append(length)
        yield middle, side, basis[: step + 1]
        v = w / length


def _tridiagonal(middle: list[float], side: list[float]) -> np.ndarray:
    side = side[: len(middle) - 1]
    return np.diag(middle) + np.diag(side, 1) + np.diag(side, -1)
