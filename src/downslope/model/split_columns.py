"""Wide dense rows of which most columns are nearly all zeros, as the indicators of text are: those columns
are held as CSR beside the others, so that sums over the rows skip their zeros."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..data.statistics import SecondMoments, Standardise, second_moments
from ..kernels.threads import each
from .standardise import row_blocks

WIDE = 64  # columns beyond which products of each two of them cost more than all else in a fit
LARGE = 500_000  # numbers in X from which on a look at all of them pays
THIN = 1 / 16  # of a column's rows that are not 0, up to which its zeros are skipped
PROBE = 512  # rows that show whether there are such columns at all


def _nonzero(X, rows: slice) -> np.ndarray:
    """Where those rows of X are not 0, numbered row by row over all of X."""
    return np.flatnonzero(X[rows] != 0) + rows.start * X.shape[1]


@dataclass(frozen=True, eq=False)
class SplitColumns:
    """X = [D | S] by column; float64 throughout."""

    X: np.ndarray  # (n, d)
    D: np.ndarray  # (n, a) contiguous
    S: Any  # (n, b) CSR
    dense: np.ndarray  # (a,) numbers of the columns of D in X
    thin: np.ndarray  # (b,) of S

    @classmethod
    def of(cls, X) -> SplitColumns | None:
        """None for rows that are sparse already, narrow or small, and where fewer than half of the columns
        are nearly all zeros."""
        if not isinstance(X, np.ndarray) or X.shape[1] <= WIDE or X.size < LARGE:
            return None
        probe = X[:: -(-len(X) // PROBE)]
        if 2 * np.count_nonzero((probe != 0).mean(axis=0) <= 2 * THIN) < X.shape[1]:
            return None
        places = np.concatenate(each(partial(_nonzero, X), list(row_blocks(len(X), 1024))))
        row, column = np.divmod(places, X.shape[1])
        light = np.bincount(column, minlength=X.shape[1]) <= THIN * len(X)
        if 2 * np.count_nonzero(light) < len(light):
            return None
        from scipy.sparse import csr_matrix

        dense, thin = np.flatnonzero(~light), np.flatnonzero(light)
        kept = light[column]
        row, column = row[kept], column[kept]
        start = np.concatenate([[0], np.bincount(row, minlength=len(X)).cumsum()])
        held = X[row, column].astype(float), np.searchsorted(thin, column), start
        S = csr_matrix(held, shape=(len(X), len(thin)))
        return cls(X, np.ascontiguousarray(X[:, dense], dtype=float), S, dense, thin)

    def take(self, rows, X) -> SplitColumns:
        """The same of some rows, X."""
        return SplitColumns(X, self.D[rows], self.S[rows], self.dense, self.thin)

    def times(self, W) -> np.ndarray:
        """X @ W  (n, k)"""
        return np.asarray(self.D @ W[self.dense] + self.S @ W[self.thin])

    def transposed_times(self, slope) -> np.ndarray:
        """Xᵀ @ slope  (d, k)"""
        return self._joined(self.D.T @ slope, self.S.T @ slope)

    def _joined(self, of_dense, of_thin) -> np.ndarray:
        """By columns of X.  (d, …)"""
        out = np.empty((len(self.dense) + len(self.thin), *of_dense.shape[1:]))
        out[self.dense], out[self.thin] = of_dense, of_thin
        return out

    def _products(self, D, weight) -> tuple[np.ndarray, np.ndarray]:
        """Σ w·xxᵀ (d, d) and Σ w·x (d,) over rows whose dense columns are D, shifted to keep digits."""
        S = self.S if weight is None else self.S.multiply(weight[:, None]).tocsr()
        left = D if weight is None else D * weight[:, None]
        G = np.empty((len(self.dense) + len(self.thin),) * 2)
        cross = S.T @ D  # (b, a)
        G[np.ix_(self.dense, self.dense)] = left.T @ D
        G[np.ix_(self.thin, self.dense)] = cross
        G[np.ix_(self.dense, self.thin)] = cross.T
        G[np.ix_(self.thin, self.thin)] = (self.S.T @ S).toarray()
        return G, self._joined(left.sum(axis=0), np.asarray(S.sum(axis=0)).ravel())

    def second_moments(self, Y, share) -> SecondMoments:
        """As `second_moments` of X. A thin column's mean is a quarter of its size at most: products about 0
        keep its digits."""
        n = len(Y)
        apart = second_moments(self.D, Y, share)
        G, sums = self._products(self.D - apart.mean, share)
        weighted = Y - apart.target
        weighted = weighted if share is None else weighted * share[:, None]
        thin = sums[self.thin] / n
        mean = self._joined(apart.mean, thin)
        G /= n
        G[np.ix_(self.dense, self.dense)] = apart.G
        G[np.ix_(self.thin, self.thin)] -= np.outer(thin, thin)
        return SecondMoments(mean, apart.target, G, self._joined(apart.c, self.S.T @ weighted / n))

    def gram(self, weight, standardise: Standardise, intercept: bool) -> np.ndarray:
        """Σᵢ wᵢx̃ᵢx̃ᵢᵀ, (q, q), the intercept's column of ones included."""
        d, m, width = len(standardise.center), standardise.center, standardise.width
        G, sums = self._products(self.D - m[self.dense], weight)
        total, thin = float(weight.sum()), np.zeros(d)
        thin[self.thin] = m[self.thin]
        if thin.any():
            G -= np.outer(sums, thin) + np.outer(thin, sums - total * thin)
            sums -= total * thin
        out = np.empty((d + intercept,) * 2)
        np.divide(G, width, out=out[:d, :d])
        out[:d, :d] /= width[:, None]
        if intercept:
            out[:d, d] = out[d, :d] = sums / width
            out[d, d] = total
        return out
