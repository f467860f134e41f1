"""Ridge regression at many alphas: Σᵢ sᵢ‖xᵢ·W + b − yᵢ‖²/Σᵢ sᵢ + ½α Σⱼ pⱼ‖wⱼ‖², solved, not descended.

The rows enter once, by their second moments or by their singular values; an alpha costs O(d²) to O(d³) after
that, whatever the number of rows. Leaving out each row in turn costs no more than all rows together: its
residual is e/(1 − h), with h the row's leverage (Allen 1974; Golub, Heath & Wahba 1979).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ..data.statistics import SecondMoments, second_moments
from ..kernels.threads import lapack
from ..model.objective import Objective

FACTORED = 400  # columns up to which each alpha has its own Cholesky factor, which no column's size disturbs
WIDE = 5_000  # columns up to which all eigenvalues are found
EPS = np.finfo(float).eps
EXACT = 1e-6  # of the variance of y: below, a squared error is summed from rows, as moments lose its digits


@dataclass(frozen=True, eq=False)
class Ridge:
    """The minimisers for any alphas, from the second moments of the rows."""

    moments: SecondMoments  # with `spread`
    penalty: np.ndarray  # (d,) pⱼ: 1 on raw columns, σⱼ² on standardised ones
    intercept: bool
    rows: Any = None  # a LinearTerm, where singular values of the rows are wanted

    @staticmethod
    def serves(unit: Objective) -> bool:
        """Whether an objective is one of these: a squared loss of dense rows, an L2 penalty."""
        term = unit.term
        fits = unit.quadratic and not unit.nonsmooth and unit.linear and bool(unit.l2.any())
        return fits and getattr(term, "dense", False) and min(term.columns, term.rows) <= WIDE

    @classmethod
    def of_term(cls, unit: Objective) -> Ridge:
        """Of an objective at alpha 1."""
        term = unit.term
        few_rows = unit.whole and term.rows <= 2 * term.columns
        return cls(term_moments(term), column_penalties(unit), term.intercept, term if few_rows else None)

    @staticmethod
    def eigenvalues(unit: Objective) -> np.ndarray:
        """Of the columns' covariance, in the units of the penalty; those above rounding, in rising order."""
        term, p = unit.term, np.sqrt(column_penalties(unit))
        if getattr(term, "dense", False) and term.columns <= WIDE:
            found = np.linalg.eigvalsh(_covariance(term_moments(term), term.intercept) / p / p[:, None])
        else:
            largest = term.lipschitz / max(unit.usual_curvature, EPS)
            found = np.array([1e-8, 1.0]) * largest * float((term.standardise.width**2 / p**2).max())
        return found[found > len(found) * EPS * found[-1]]

    # ---- solving -------------------------------------------------------------------------------------

    @property
    def columns(self) -> int:
        return len(self.penalty)

    @cached_property
    def G(self) -> np.ndarray:
        """Mean of xxᵀ, about the mean where there is an intercept.  (d, d)"""
        return _covariance(self.moments, self.intercept)

    @cached_property
    def c(self) -> np.ndarray:
        """Mean of xyᵀ, likewise.  (d, k)"""
        m = self.moments
        c = m.c if self.intercept else m.c + np.outer(m.mean, m.target)
        return c * (np.diag(self.G) > 0)[:, None]

    def weights(self, alphas: np.ndarray) -> np.ndarray:
        """W for each alpha.  (m, d, k)"""
        if self.rows is not None:
            return self._spectrum.weights(alphas, self.c)
        if self.columns > FACTORED:
            p = np.sqrt(self.penalty)
            values, V = np.linalg.eigh(self.G / p / p[:, None])
            inner = V.T @ (self.c / p[:, None])
            return np.array([(V @ (inner / (values + a / 2)[:, None])) / p[:, None] for a in alphas])
        return np.array([self._factored(alpha) for alpha in alphas])

    def _factored(self, alpha: float) -> np.ndarray:
        linalg = lapack()
        scaled = self.G.copy()
        diagonal = scaled.reshape(-1)[:: self.columns + 1]
        diagonal += alpha / 2 * self.penalty
        size = np.sqrt(diagonal)
        scaled /= size
        scaled /= size[:, None]
        right = self.c / size[:, None]
        _, found, lost = linalg.lapack.dposv(scaled, right)  # Cholesky, without the checks of cho_factor
        if lost:  # columns depend on one another, and alpha is lost in rounding
            found = np.linalg.lstsq(scaled, right, rcond=None)[0]
        return found / size[:, None]

    def params(self, alphas: np.ndarray) -> np.ndarray:
        """(m, p) in the user's units: the weights of column 1 for each output, of column 2, …, intercepts."""
        return self._flat(self.weights(alphas))

    def _flat(self, W: np.ndarray) -> np.ndarray:
        if not self.intercept:
            return W.reshape(len(W), -1)
        b = self.moments.target - np.einsum("d,mdk->mk", self.moments.mean, W)
        return np.concatenate([W.reshape(len(W), -1), b], axis=1)

    def values(self, alphas: np.ndarray) -> np.ndarray:
        """F at the minimisers.  (m,)"""
        W = self.weights(alphas)
        errors = squared_errors(self.moments, self._flat(W), self.intercept)
        return errors + alphas / 2 * np.einsum("d,mdk->m", self.penalty, W**2)

    # ---- each row left out ---------------------------------------------------------------------------

    @cached_property
    def _spectrum(self) -> Spectrum:
        assert self.rows is not None
        X = self.rows.X - self.moments.mean if self.intercept else self.rows.X
        share = np.ones(self.rows.rows) if self.rows.relative_weight is None else self.rows.relative_weight
        scale = np.sqrt(share / len(share))
        p = np.sqrt(self.penalty)
        return Spectrum(*np.linalg.svd(scale[:, None] * X / p, full_matrices=False), p)

    def left_out(self, alphas: np.ndarray) -> np.ndarray:
        """z of each row by the model of all others, (m, n, k), at the same alpha per mean loss."""
        rows = self.rows
        n = rows.rows
        share = np.ones(n) if rows.relative_weight is None else rows.relative_weight  # mean 1
        others = 1 - share / n  # weight of all other rows, over that of all
        U, S2 = self._spectrum.U, self._spectrum.S**2
        root = np.sqrt(share / n)[:, None]
        Y = rows.Y - self.moments.target if self.intercept else rows.Y
        inner = U.T @ (root * Y)  # (r, k)
        found = np.empty((len(alphas), n, rows.outputs))
        for j, alpha in enumerate(alphas):
            shrunk = S2 / (S2 + np.outer(others, np.full(len(S2), alpha / 2)))  # (n, r): each row its own
            leverage = (U**2 * shrunk).sum(axis=1) + (share / n if self.intercept else 0.0)
            residual = Y - ((U * shrunk) @ inner) / root
            found[j] = rows.Y - residual / (1 - leverage)[:, None]
        return found


@dataclass(frozen=True, eq=False)
class Spectrum:
    """√(s/S)·(X − mean)/√p = U·diag(S)·Vt"""

    U: np.ndarray
    S: np.ndarray
    Vt: np.ndarray
    p: np.ndarray  # (d,) √penalty

    def weights(self, alphas: np.ndarray, c: np.ndarray) -> np.ndarray:
        inner = self.Vt @ (c / self.p[:, None])
        return np.array(
            [(self.Vt.T @ (inner / (self.S**2 + alpha / 2)[:, None])) / self.p[:, None] for alpha in alphas]
        )


def column_penalties(unit: Objective) -> np.ndarray:
    """pⱼ of ½Σ pⱼwⱼ², w in the user's units, at alpha 1: the smooth part of the penalty, or all of it."""
    units = unit.units
    d, k = unit.term.columns, unit.term.outputs
    return np.ones(d) if units is None else units.reshape(-1, k)[:d, 0] ** 2


_moments: WeakKeyDictionary[Any, SecondMoments] = WeakKeyDictionary()


def term_moments(term: Any) -> SecondMoments:
    """Of all rows of a term, found once: the alphas, the path and both penalties are read from them."""
    known = term.gathered if term.in_memory else term.moments
    if known is not None and known.variance is not None:
        return known
    if term not in _moments:
        _moments[term] = moments_of(term.X, term.Y, term.relative_weight)
    return _moments[term]


def moments_of(X: np.ndarray, Y: np.ndarray, share: np.ndarray | None) -> SecondMoments:
    """With the variance of y, and the rows' weight, so that moments of several parts can be added."""
    weight = len(X) if share is None else float(share.sum())
    return second_moments(X, Y, None if share is None else share / share.mean(), float(weight))


def _covariance(moments: SecondMoments, intercept: bool) -> np.ndarray:
    varies = np.diag(moments.G) > (1e-14 * moments.mean) ** 2  # else it is the rounding of a constant column
    G = moments.G * varies * varies[:, None]
    return G if intercept else G + np.outer(moments.mean, moments.mean)


def squared_errors(moments: SecondMoments, params: np.ndarray, intercept: bool) -> np.ndarray:
    """Σ s‖x·W + b − y‖²/Σ s over the rows that the moments are of, for each of m models.  (m,)"""
    d, k = moments.c.shape
    assert moments.variance is not None
    W = params[:, : d * k].reshape(-1, d, k)
    b = params[:, d * k :] if intercept else 0.0
    away = np.einsum("d,mdk->mk", moments.mean, W) + b - moments.target
    bent = np.einsum("mdk,dk->mk", W, -2 * moments.c) + np.einsum("mdk,mdk->mk", W, np.matmul(moments.G, W))
    return (moments.variance + bent + away**2).sum(axis=1)
