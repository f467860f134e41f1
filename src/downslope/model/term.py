"""f(θ), the part of F that rows or a function make: what methods, verdicts and doors may ask of it.

Every kind of term derives from `Term` and overrides what it knows: `LinearTerm` and `PartitionedTerm` (a
linear model over rows in memory, or in parts), `QuadraticTerm` (a squared loss held in d² numbers),
`NetTerm`, `FunctionTerm`. The defaults are those of a function of its weights of which nothing else is known.
Nobody outside asks what kind of term it is.
"""

from __future__ import annotations

import math
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from ..kernels.threads import one_blas_thread


class Term:
    """f(θ): values, gradients, curvature and scale, in the coordinates of the descent."""

    # ---- shape: given by every kind
    names: Any  # of the weights, (p,) texts
    size: Any  # p
    rows: Any  # terms of the sum, n
    column_scale: Any  # (p,) size of the column of each weight; 0 for a weight that is never penalised
    outputs: Any = 1  # columns of z, k
    loss_name: Any = ""  # for messages

    @property
    def inputs(self) -> int:
        """Weights of one output: the columns, and the intercept."""
        return self.size // self.outputs

    # ---- capabilities
    has_rows: Any = True  # a sum over rows; False for a function of its weights
    in_memory: Any = True  # all rows are
    linear: Any = False  # the mean loss of a linear model over rows, by the rows or by their moments
    linear_rows: Any = False  # a linear model over rows at hand
    has_kernels: Any = False  # compiled loops know it, and can make a whole pass
    coupled: Any = False  # the columns of z depend on each other
    smooth: Any = True  # a gradient exists everywhere
    curved: Any = False  # there is a Hessian
    quadratic: Any = False  # exactly a parabola
    sequential: Any = False  # so few numbers that sums run in row order, uncompiled
    stochastic: Any = False  # two calls at the same θ differ, as with dropout
    has_products: Any = False  # there are products with its Hessian, `hessian_times`

    # ---- curvature: L and μ of the gradient, where they are known
    lipschitz: Any = math.nan
    strong_convexity: Any = 0.0
    minimum: Any = None  # θ* where it is held, (p,)

    # ---- reference: what is large and what is small
    null_theta: Any  # (p,) the best θ through which no feature shows
    gradient_scale: Any = 1.0  # the unit of `tol`
    expected_size: Any = 1.0  # of a weight
    slope_bound: Any = math.inf  # the steepest that a row's loss gets in z
    standardised: Any = False  # the coordinates are those of columns of one size
    start: Any = None  # (p,) weights to begin with, where 0 is not the usual start

    # ---- rows
    relative_weight: Any  # (n,) weights of rows in memory over their mean; None if all weigh the same

    def weighted(self, values, rows=None):
        """sᵢ·values, (b,) or (b, k), for some of the rows or all."""
        if self.relative_weight is None:
            return values
        share = self.relative_weight if rows is None else self.relative_weight[rows]
        return share.reshape(-1, *[1] * (values.ndim - 1)) * values

    @property
    def row_weights(self) -> np.ndarray:
        """Weights over their mean, (n,)."""
        return np.ones(self.rows) if self.relative_weight is None else self.relative_weight

    # ---- values

    def value_and_gradient(self, theta, rows=None) -> tuple[float, np.ndarray, Any]:
        """Value, gradient (p,), and what `line` and `hessian` reuse; over all rows or the mean over some."""
        raise NotImplementedError

    def value(self, theta) -> float:
        """The same value, to the bit, without what the gradient costs."""
        return self.value_and_gradient(theta)[0]

    def values(self, thetas) -> np.ndarray:
        """f at many weights, (m, p) → (m,)."""
        raise NotImplementedError

    def plane(self, theta, across, up):
        """(a, b) → f(θ + a·across + b·up), for points (m, 2)."""
        basis = np.stack([across, up])  # (2, p)
        return lambda points: self.values(theta + points @ basis)

    def line(self, theta, direction):
        """Along θ + t·d: t → (f, slope), and t → all that `at` gives; each t is evaluated once."""
        seen: dict[float, tuple] = {}

        def at(t):
            if t not in seen:
                with np.errstate(over="ignore", invalid="ignore"):
                    place = theta + t * direction
                seen[t] = self.value_and_gradient(place)
            return seen[t]

        def value_and_slope(t):
            value, gradient, _ = at(t)
            with np.errstate(over="ignore", invalid="ignore"):
                return value, float(gradient @ direction)

        return value_and_slope, at

    def intercept_only(self, theta) -> bool:
        """Whether f there is known without a pass over the rows."""
        return False

    # ---- curvature

    def hessian(self, theta, seen=None) -> np.ndarray:
        """∂²f/∂θ², (p, p)"""
        raise NotImplementedError

    def hessian_times(self, theta, rows=None) -> Any:
        """v ↦ ∂²f/∂θ²·v over all rows or the mean over some, for a Hessian that nobody writes down."""
        raise NotImplementedError

    @property
    def bounded(self) -> bool:
        """Whether L is known (also if infinite), without computing it."""
        return not math.isnan(self.lipschitz)

    # ---- proof

    def gap(self, objective, point, passes: float) -> float | None:
        """An upper bound on F(θ) − F* for no more than a twentieth of so many passes; None where there is
        none."""
        return None

    # ---- other forms

    @property
    def unreduced(self) -> Term:
        """The same f by its rows."""
        return self

    def uncentred(self) -> Term:
        """The same f in coordinates that leave the zeros of sparse rows alone."""
        return self

    # ---- units

    def to_user(self, theta) -> np.ndarray:
        """From the coordinates of the descent to the units of the columns."""
        return np.array(theta, dtype=float)

    def to_inner(self, params) -> np.ndarray:
        """From the units of the columns to the coordinates of the descent."""
        return np.array(params, dtype=float)

    # ---- state other than θ, and threads

    def state_dict(self) -> tuple[int, dict[str, np.ndarray]]:
        """(random draws so far, buffers such as running means)"""
        return 0, {}

    def load_state_dict(self, rng_calls: int, buffers: dict[str, np.ndarray] | None) -> None:
        """Go on from a state that `state_dict` gave."""

    def first_non_finite(self, gradient) -> str | None:
        """The parameter whose slope was the first that is not finite; None where nothing tells."""
        return None

    def threads(self, batch: int) -> AbstractContextManager:
        """Threads of BLAS while updates look at `batch` rows: one, so that bits do not depend on how many."""
        return one_blas_thread()
