"""A function of its own weights as an objective's term."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .functions import Function


@dataclass(frozen=True, eq=False)
class FunctionTerm:
    """A function of its own weights, seen as a sum of one row."""

    function: Function

    rows = 1
    quadratic = sweeps = False
    smooth = True
    tiny = True
    lipschitz = np.nan
    strong_convexity = 0.0
    gradient_scale = 1.0

    @property
    def names(self):
        return self.function.names

    @property
    def size(self) -> int:
        return len(self.function.names)

    @property
    def curved(self) -> bool:
        return self.function.has_hessian

    @property
    def widths(self):
        return np.ones(self.size)

    @property
    def null_theta(self):
        return np.zeros(self.size)

    def at(self, theta, rows=None):
        return *self.function.value_and_gradient(theta), theta

    def values(self, thetas):
        return self.function.values(thetas)

    def line(self, theta, direction):
        seen = {}

        def at(t):
            if t not in seen:
                seen[t] = self.at(theta + t * direction)
            return seen[t]

        def value_and_slope(t):
            value, gradient, _ = at(t)
            with np.errstate(over="ignore", invalid="ignore"):
                return value, float(gradient @ direction)

        return value_and_slope, at

    def hessian(self, theta, cached=None):
        """For a step: to 8 digits, where it comes from differences."""
        return self.function.hessian(theta, rough=True)

    def to_user(self, theta):
        return np.array(theta, dtype=float)

    to_inner = to_user
