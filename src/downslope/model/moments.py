"""A squared loss over any number of rows, held in d² numbers.

f(θ) = f* + (θ − θ*)ᵀG(θ − θ*), which keeps every digit near the minimum, where θᵀGθ − 2cᵀθ + s
would lose them all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from .duality import free_gap
from .least_squares import least_squares
from .term import Term


@dataclass(frozen=True, eq=False)
class QuadraticTerm(Term):
    """The same f as the LinearTerm that it came from, without its rows."""

    source: Any  # a LinearTerm, or a PartitionedTerm
    best: np.ndarray  # θ*, (q, k)
    lowest: float  # f*

    quadratic = curved = linear = bounded = True

    @property
    def rows(self) -> int:
        return self.source.rows

    @property
    def size(self) -> int:
        return self.source.size

    @property
    def names(self):
        return self.source.names

    @property
    def outputs(self) -> int:
        return self.best.shape[1]

    @property
    def minimum(self) -> np.ndarray:
        return self.best.ravel()

    @property
    def unreduced(self) -> Any:
        return self.source

    @cached_property
    def G(self) -> np.ndarray:
        return self.source.gram

    def value_and_gradient(self, theta, rows=None):
        away = theta.reshape(self.best.shape) - self.best
        pull = self.G @ away
        return self.lowest + float((away * pull).sum()), 2 * pull.ravel(), (away, pull)

    def values(self, thetas) -> np.ndarray:
        away = np.asarray(thetas, dtype=float).reshape(len(thetas), *self.best.shape) - self.best
        return self.lowest + np.einsum("mqk,qr,mrk->m", away, self.G, away)

    def line(self, cached, direction):
        away, pull = cached
        d = direction.reshape(self.best.shape)
        bend = self.G @ d

        def value_and_slope(t):
            moved, force = away + t * d, pull + t * bend
            return self.lowest + float((moved * force).sum()), 2 * float((d * force).sum())

        def at(t):
            moved, force = away + t * d, pull + t * bend
            return self.lowest + float((moved * force).sum()), 2 * force.ravel(), (moved, force)

        return value_and_slope, at

    def hessian(self, theta, seen=None) -> np.ndarray:
        return 2 * np.kron(self.G, np.eye(self.best.shape[1]))

    @property
    def constant_hessian(self) -> np.ndarray:
        return self.hessian(self.best)

    @property
    def lipschitz(self) -> float:
        return self.source.lipschitz

    @property
    def strong_convexity(self) -> float:
        return self.source.strong_convexity

    @property
    def floor(self) -> float:
        return self.lowest

    @property
    def standardised(self) -> bool:
        return self.source.standardised

    @property
    def usual_fall(self) -> float:
        return self.source.usual_fall

    @property
    def gradient_scale(self) -> float:
        return self.source.gradient_scale

    @property
    def expected_size(self) -> float:
        return self.source.expected_size

    @property
    def null_theta(self):
        return self.source.null_theta

    @property
    def null_value(self) -> float:
        return self.value_and_gradient(self.null_theta)[0]

    def curvature_along(self, direction) -> float:
        d = direction.reshape(self.best.shape)
        return 2 * float((d * (self.G @ d)).sum())

    def gap(self, objective, point, passes):
        if not objective.nonsmooth:
            return free_gap(objective, point)
        rows = replace(objective, term=self.source)
        return rows.gap(rows.value_and_gradient(point.theta), passes)

    @property
    def column_scale(self):
        return self.source.column_scale

    def to_user(self, theta):
        return self.source.to_user(theta)

    def to_inner(self, params):
        return self.source.to_inner(params)


def reduced(term) -> QuadraticTerm:
    """One pass over the rows for G, and the solve that finds θ*."""
    best = least_squares(term).theta
    return QuadraticTerm(term, best.reshape(-1, term.outputs), term.value_and_gradient(best)[0])
