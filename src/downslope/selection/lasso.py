"""Lasso and elastic net at many alphas, from second moments: ½uᵀHu − cᵀu + α(l1·|u| + ½l2·u²).

Between two alphas few weights join or leave those that are not 0, and with the signs given a minimiser is one
solve. Several problems, such as the folds of a cross-validation, are solved side by side in stacked arrays:
they have the same columns, and each alpha then costs a few calls of LAPACK for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data.statistics import SecondMoments, Standardise

COLUMNS = 300  # up to which stacked solves are quicker than coordinate descent
CHANGES = 20  # solves for each column and alpha, beyond which signs go round in a circle
ROUNDING = 1e-11  # of the largest l1 price: a slope that is no larger above its own does not move a weight


@dataclass(frozen=True, eq=False)
class Lasso:
    """One problem: the moments of its rows, and what its weights cost at alpha 1, in standardised columns."""

    moments: SecondMoments
    standardise: Standardise
    intercept: bool
    l1: np.ndarray  # (d,)
    l2: np.ndarray  # (d,)

    @classmethod
    def of(cls, moments: SecondMoments, intercept: bool, l1: float, l2: float, penalty_on: str) -> Lasso:
        """l1, l2: the parts of the penalty, on the weights of raw columns or of standardised ones."""
        standardise = moments.standardise(center=intercept)
        size = np.ones(len(moments.mean)) if penalty_on == "standardised" else standardise.width
        return cls(moments, standardise, intercept, l1 / size, l2 / size**2)

    @property
    def quadratic(self) -> tuple[np.ndarray, np.ndarray]:
        """H and c, (d, d) and (d,)."""
        d = len(self.l1)
        gram, with_target = self.moments.of(self.standardise, self.intercept)
        return 2 * gram[:d, :d], 2 * with_target[:d, 0]

    def to_user(self, U: np.ndarray) -> np.ndarray:
        """Weights of standardised columns, (m, d), in the user's units, with intercepts, (m, p)."""
        W = U / self.standardise.width
        if not self.intercept:
            return W
        return np.column_stack([W, self.moments.target[0] - W @ self.moments.mean])


def lasso_paths(problems: Sequence[Lasso], alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The weights of P problems at m alphas, the largest first, (P, m, d), and their duality gaps (P, m).

    Each step solves for the weights that are not 0 with their signs held, goes as far as the first weight
    that would change its sign, and lets in the weights whose slopes are above their price: the active-set
    method of Osborne, Presnell & Turlach 2000. None where signs go round in a circle, as they may where
    columns depend on one another.
    """
    H, c = map(np.array, zip(*(problem.quadratic for problem in problems)))  # (P, d, d), (P, d)
    l1, l2 = (np.array([getattr(problem, name) for problem in problems]) for name in ("l1", "l2"))
    P, d = c.shape
    eye = np.eye(d)
    U, signs = np.zeros((P, d)), np.zeros((P, d))
    found, slopes = np.empty((P, len(alphas), d)), np.empty((P, len(alphas), d))
    gradient = -c
    with np.errstate(divide="ignore", invalid="ignore"):
        for place, alpha in enumerate(alphas):
            a1, a2 = alpha * l1, alpha * l2
            slack = ROUNDING * a1.max(axis=1, keepdims=True)
            signs = _joined(signs, gradient, a1, slack)
            open_: Any = slice(None)  # the problems that are not solved yet
            for _ in range(CHANGES * d):
                S, prices = signs[open_], a1[open_]
                active = S != 0
                M = H[open_] * (active[:, :, None] & active[:, None, :])
                M += eye * np.where(active, a2[open_], 1.0)[:, None, :]
                right = np.where(active, c[open_] - prices * S, 0.0)
                try:
                    target = np.linalg.solve(M, right[:, :, None])[:, :, 0]
                except np.linalg.LinAlgError:
                    return None
                here = U[open_]
                turned = active & (target * S < 0)
                reach = np.where(turned, np.abs(here) / np.abs(target - here), np.inf)
                far = np.minimum(reach.min(axis=1, keepdims=True), 1.0)
                gone = turned & (reach <= far)
                U[open_] = here = np.where(gone, 0.0, here + far * (target - here))
                S = np.where(gone, 0.0, S)
                gradient[open_] = slope = np.einsum("pij,pj->pi", H[open_], here) - c[open_]
                grown = np.where(far == 1.0, _joined(S, slope, prices, slack[open_]), S)
                settled = ~turned.any(axis=1) & (grown == S).all(axis=1)
                signs[open_] = grown
                if settled.all():
                    break
                open_ = np.arange(P)[open_][~settled]
            else:
                return None
            found[:, place], slopes[:, place] = U, gradient
    return found, _gaps(problems, found, slopes, alphas[:, None] * l1[:, None], alphas[:, None] * l2[:, None])


def _joined(signs: np.ndarray, gradient: np.ndarray, a1: np.ndarray, slack: np.ndarray) -> np.ndarray:
    """With the weights at 0 whose slope is above its price, which move against it."""
    pulled = (signs == 0) & (np.abs(gradient) > a1 + slack)
    return np.where(pulled, -np.sign(gradient), signs)


def _gaps(problems: Sequence[Lasso], U, slopes, a1, a2) -> np.ndarray:
    """F − F* is at most this, by Fenchel's inequality at the residuals, shortened until they are feasible.
    U, slopes, a1, a2: (P, m, d).  (P, m)"""
    beyond = np.maximum(np.abs(slopes) - a1, 0.0)
    price = (a1 * np.abs(U) + 0.5 * a2 * U**2).sum(axis=2)
    if (a2 > 0).all():
        return np.maximum(price + (slopes * U).sum(axis=2) + (beyond**2 / (2 * a2)).sum(axis=2), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        short = np.nanmin(np.where(beyond > 0, a1 / np.abs(slopes), 1.0), axis=2)
    spread = [0.0 if one.moments.variance is None else one.moments.variance[0] for one in problems]
    total = (1 - short) ** 2 * np.array(spread, dtype=float)[:, None]
    return np.maximum(total + price + short * (slopes * U).sum(axis=2), 0.0)
