"""What a linear model asks of its rows: products with X in float64, how large each row is, and F along a line
of weights, where z is linear and X is hardly looked at."""

from __future__ import annotations

import math

import numpy as np

from ..data.statistics import Standardise
from ..kernels.threads import each
from . import summing
from .standardise import row_blocks


def times(X, W) -> np.ndarray:
    """X @ W in float64, converting a float32 X some rows at a time instead of whole."""
    if X.dtype == np.float64 or not isinstance(X, np.ndarray):
        return np.asarray(X @ W)
    out = np.empty((len(X), W.shape[1]))
    for rows in row_blocks(len(X)):
        out[rows] = X[rows].astype(np.float64) @ W
    return out


def transposed_times(X, S) -> np.ndarray:
    """Xᵀ @ S in float64."""
    if X.dtype == np.float64 or not isinstance(X, np.ndarray):
        return np.asarray(X.T @ S)
    out = np.zeros((X.shape[1], S.shape[1]))
    for rows in row_blocks(len(X)):
        out += X[rows].astype(np.float64).T @ S[rows]
    return out


def sparse_gram(X, weight, standardise: Standardise, intercept: bool) -> np.ndarray:
    """Σᵢ sᵢx̃ᵢx̃ᵢᵀ over sparse rows, (q, q):  Σ s(x − m)(x − m)ᵀ = Σ sxxᵀ − Σ sx·mᵀ − m·Σ sxᵀ + Σ s·mmᵀ."""
    d, m, width = X.shape[1], standardise.center, standardise.width
    total = np.zeros((d + intercept, d + intercept))
    weighted = X.multiply(weight[:, None]).tocsr()
    sums = np.asarray(weighted.sum(axis=0), dtype=float).ravel()
    raw, away = (X.T @ weighted).toarray().astype(float), sums - weight.sum() * m
    gram = raw - np.outer(sums, m) - np.outer(m, away)
    flat = np.diag(gram) <= 1e-14 * np.diag(raw)  # a constant column leaves rounding, no spread
    gram[flat], gram[:, flat], away[flat] = 0.0, 0.0, 0.0
    total[:d, :d] = gram / width[:, None] / width
    if intercept:
        total[:d, d] = total[d, :d] = away / width
        total[d, d] = weight.sum()
    return total


PIECE = 2**20  # numbers that are squared at a time


def of_each(term) -> np.ndarray:
    """sᵢ/s̄·‖x̃ᵢ‖²  (n,)"""
    m, width = term.standardise.center, term.standardise.width
    if term.dense:
        worth = term.compiled and summing.worth_it(term.X)
        sizes = (summing.row_squares if worth else row_squares)(term.X, m, width) + term.intercept
    else:  # Σ(x − m)²/σ² = Σx²/σ² − 2Σxm/σ² + Σm²/σ²
        price = width**-2.0
        sizes = summing.row_squares(term.X, m, width) if term.compiled else term.X.multiply(term.X) @ price
        if m.any():
            sizes += ((m / width) ** 2).sum() - 2 * term.X @ (m * price)
        sizes = sizes + term.intercept
    return term.weighted(sizes)


def mean(term) -> float:
    """From what is known of the columns, where it is; else from one look at X."""
    sizes, (m, width) = term.standardise.sizes, (term.standardise.center, term.standardise.width)
    if sizes is None and term.gathered is not None:
        sizes = (np.diag(term.gathered.G) + (term.gathered.mean - m) ** 2) / width**2
    if sizes is None and term.dense and term.relative_weight is None and term.standardise.plain:
        flat = term.X.reshape(-1)
        pieces = [flat[first : first + PIECE] for first in range(0, flat.size, PIECE)]
        squares = each(lambda piece: np.einsum("i,i->", piece, piece, dtype=float), pieces)
        return float(sum(squares)) / term.rows + term.intercept
    if sizes is None and term.compiled and (term.dense or not m.any()):
        sizes = summing.column_sums(term.X, m, term.relative_weight)[1] / term.rows / width**2
    return float(term.row_sizes.mean() if sizes is None else sizes.sum() + term.intercept)


def rough(term) -> float:
    """The mean of a thousand rows, where that of all would take a look at them."""
    every = term.rows // 1000
    if every < 2 or term.standardise.sizes is not None:
        return term.row_size
    return float(of_each(term.take(slice(None, None, every))).mean())


def row_squares(X: np.ndarray, center: np.ndarray, width: np.ndarray) -> np.ndarray:
    """Σⱼ ((xᵢⱼ − mⱼ)/σⱼ)²  for each row.  (n,)"""
    n, d = X.shape
    squares = np.empty(n)
    piece = max(64, 200_000 // max(1, d))  # rows that stay in the cache

    def measured(rows: slice) -> None:
        for first in range(rows.start, rows.stop, piece):
            here = slice(first, min(first + piece, rows.stop))
            block = (X[here] - center) / width
            squares[here] = np.einsum("ij,ij->i", block, block)

    each(measured, list(row_blocks(n, max(piece, -(-n // 16)))))
    return squares


def line(term, theta, z, direction):
    """Along θ + t·d: t → (f, slope), and t → all that `term.at` gives.

    The first step tried is mostly the one taken, so it is found in whole; from there on two vectors of
    length n do.
    """
    found: dict[float, tuple] = {}  # what `at` gave last
    ahead: list[np.ndarray] = []  # z of d

    def at(t):
        if t not in found:
            found.clear()
            found[t] = term.value_and_gradient(theta + t * direction)
        return found[t]

    def value_and_slope(t):
        if not found:
            value, gradient, _ = at(t)
            return value, float(gradient @ direction)
        if not ahead:
            ((tried, (value, _, (_, moved))),) = found.items()
            exact = term.compiled and math.isfinite(value)
            ahead.append((moved - z) / tried if exact else term.predictor(direction))
        return _value_and_slope(term, z, ahead[0], t)

    return value_and_slope, at


def _value_and_slope(term, z, ahead, t):
    """f at z + t·ahead, and its derivative in t."""
    if term.compiled:
        value, slope = summing.along(term, z, ahead, t)
        return value / term.rows, slope / term.rows
    moved = z + t * ahead
    value = term.weighted(term.loss.value(moved, term.Y))
    slope = term.weighted(term.loss.slope(moved, term.Y) * ahead)
    return term.sum_of(value) / term.rows, term.sum_of(slope) / term.rows


def plane(term, theta, across, up):
    """(a, b) → f(θ + a·across + b·up), for points (m, 2), from three looks at X."""
    at, along, upward = (term.predictor(d) for d in (theta, across, up))

    def values(points) -> np.ndarray:
        out = np.empty(len(points))
        for place, (a, b) in enumerate(points):
            value = term.loss.value(at + a * along + b * upward, term.Y)
            out[place] = term.sum_of(term.weighted(value)) / term.rows
        return out

    return values
