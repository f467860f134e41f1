"""How large the rows of a linear term are: sᵢ/s̄·‖x̃ᵢ‖², one by one, and their mean."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..kernels.threads import each
from . import summing
from .standardise import row_blocks

PIECE = 2**20  # numbers that are squared at a time


def of_each(term) -> np.ndarray:
    """sᵢ/s̄·‖x̃ᵢ‖²  (n,)"""
    m, width = term.standardise.center, term.standardise.width
    if term.dense:
        sizes = row_squares(term.X, m, width) + term.intercept
    else:  # Σ(x − m)²/σ² = Σx²/σ² − 2Σxm/σ² + Σm²/σ²
        price = width**-2.0
        sizes = summing.row_squares(term.X, price) if term.compiled else term.X.multiply(term.X) @ price
        if m.any():
            sizes += ((m / width) ** 2).sum() - 2 * term.X @ (m * price)
        sizes = sizes + term.intercept
    return sizes if term.relative_weight is None else sizes * term.relative_weight


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
    few = slice(None, None, every)
    share = None if term.relative_weight is None else term.relative_weight[few]
    return float(
        of_each(replace(term, X=term.X[few], Y=term.Y[few], relative_weight=share, gathered=None)).mean()
    )


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
