"""A function of its own weights as an objective's term."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .duality import parabola_gap
from .functions import Function
from .term import Term


@dataclass(frozen=True, eq=False)
class FunctionTerm(Term):
    """A function of its own weights, seen as a sum of one row."""

    function: Function

    rows = 1
    has_rows = False
    sequential = True

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
    def column_scale(self):
        return np.ones(self.size)

    @property
    def null_theta(self):
        return np.zeros(self.size)

    def value_and_gradient(self, theta, rows=None):
        return *self.function.value_and_gradient(theta), theta

    def values(self, thetas):
        return self.function.values(thetas)

    def hessian(self, theta, seen=None):
        """For a step: to 8 digits, where it comes from differences."""
        return self.function.hessian(theta, rough=True)

    def gap(self, objective, point, passes):
        return parabola_gap(self.function, point)
