"""What a mean loss over rows tells of itself, wherever they lie: its curvature, its scale, its units."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np

from .coordinates import Coordinates, SeveralOutputs, WorkingSet
from .duality import duality_gap, free_gap
from .standardise import row_blocks
from .term import Term

WIDE = 2_000  # columns up to which XᵀX is formed


def about_means(G, intercept: bool) -> np.ndarray:
    """Gram matrix of the columns about their means, from that of the columns and of the intercept's ones.
    (d, d)"""
    d = len(G) - intercept
    return G[:d, :d] - np.outer(G[:d, d], G[d, :d]) / G[d, d] if intercept else G


class RowTerm(Term):
    """f(θ) = Σᵢ sᵢ ℓ(x̃ᵢ·u + c, yᵢ) / Σᵢ sᵢ, by its Gram matrix G and the values of y.

    Whoever derives from it has the rows, and tells `rows`, `columns`, `outputs`, `gram`, `row_size`,
    `null_theta` and `levels`.
    """

    loss: Any
    standardise: Any
    intercept: Any
    columns: Any
    gram: Any
    row_size: Any
    levels: Any  # (Y, share): few values of y that stand for all of them, where z is one number

    linear = linear_rows = True

    @property
    def coupled(self) -> bool:
        return self.loss.coupled(self.outputs)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns and of the intercept, without that of an output before them."""
        output = self.names[0].partition(": ")[0] + ": " if self.outputs > 1 else ""
        return tuple(name.removeprefix(output) for name in self.names[:: self.outputs])

    @property
    def loss_name(self) -> str:
        return self.loss.name

    @property
    def slope_bound(self) -> float:
        return self.loss.slope_bound

    @property
    def has_kernels(self) -> bool:
        return self.loss.kernel is not None

    @property
    def size(self) -> int:
        return (self.columns + self.intercept) * self.outputs

    @property
    def quadratic(self) -> bool:
        return self.loss.quadratic

    @property
    def smooth(self) -> bool:
        return self.loss.smooth

    @property
    def curved(self) -> bool:
        return self.loss.smooth

    # ---- curvature ---------------------------------------------------------------------------

    @cached_property
    def spectrum(self) -> tuple[float, float]:
        """The largest and the smallest curvature of Σ sᵢ½(x̃ᵢ·θ)²/Σ sᵢ: the outer eigenvalues of G."""
        if self.gram.size == 1:
            return float(self.gram[0, 0]), float(self.gram[0, 0])
        if not np.isfinite(self.gram).all():  # squares of its numbers are beyond float64
            return math.inf, 0.0
        values = np.linalg.eigvalsh(self.gram)
        return float(values[-1]), float(max(values[0], 0.0))

    @property
    def lipschitz(self) -> float:
        """L with ‖∇f(θ) − ∇f(θ′)‖ ≤ L‖θ − θ′‖; infinite when the loss has a kink."""
        return self.loss.bound_for(self.outputs) * self.spectrum[0] if self.smooth else np.inf

    @property
    def bounded(self) -> bool:
        """Whether it is known how fast the gradient may change; L itself costs a Gram matrix."""
        return not math.isnan(self.loss.bound_for(self.outputs))

    @property
    def strong_convexity(self) -> float:
        """μ with f(θ) − ½μ‖θ‖² convex; 0 unless the loss is curved everywhere."""
        return self.loss.curvature_floor * self.spectrum[1] if self.loss.curvature_floor else 0.0

    @property
    def constant_hessian(self) -> np.ndarray:
        """∂²f/∂θ² of a squared loss, the same everywhere.  (p, p)"""
        return self.loss.curvature_bound * np.kron(self.gram, np.eye(self.outputs))

    def gap(self, objective, point, passes):
        bounds = free_gap(objective, point), duality_gap(objective, point, passes)
        return min((float(bound) for bound in bounds if bound is not None), default=None)

    @cached_property
    def null_curvature(self) -> float:
        """The mean curvature of the loss at `null_theta`; 1 where there is none."""
        return float(self._at_level(self.loss.curvature, self.null_theta).mean()) or 1.0

    # ---- coordinate descent

    def working_set(self) -> WorkingSet:
        """What coordinate descent knows before its first round: nothing."""
        return WorkingSet({})

    def coordinates(self, theta, known: WorkingSet) -> Coordinates | SeveralOutputs:
        """Where coordinate descent stands at θ, with what it knew of f there."""
        kind = SeveralOutputs if self.outputs > 1 else Coordinates
        walk = kind(self, theta)
        vars(walk).update(known.known)
        return walk

    # ---- scale -------------------------------------------------------------------------------

    @cached_property
    def null_value(self) -> float:
        """f at `null_theta`."""
        return self.intercept_only_value(self.null_theta)

    @property
    def standardised(self) -> bool:
        """Whether the coordinates are those of columns of one size."""
        return bool((self.standardise.width != 1).any() or self.standardise.center.any())

    @cached_property
    def usual_fall(self) -> float:
        """How far f can fall from the null model, at most; never less than what rounding of y makes of it."""
        return self.null_value - self.floor + 1e-14 * self._mean_square

    @cached_property
    def floor(self) -> float:
        """f is nowhere below this: every row's loss at its least."""
        return float(self._at_level(lambda z, Y: self.loss.infimum(Y), self.null_theta).sum())

    def intercept_only(self, theta) -> bool:
        """Whether no feature counts at θ, so that z is the same for all rows."""
        return not theta[: self.columns * self.outputs].any()

    def intercept_only_value(self, theta) -> float:
        """f there, without a look at X."""
        return float(self._at_level(self.loss.value, theta).sum())

    def _at_level(self, of, theta) -> np.ndarray:
        """The mean over rows of of(z, y) where z is the same for all rows.  (k,)"""
        k = self.outputs
        z = theta.reshape(-1, k)[-1] if self.intercept else np.zeros(k)
        Y, share = self.levels
        total: Any = 0.0  # of softmax one number, of other losses one for each output
        for rows in row_blocks(len(Y)):  # which stay in the cache
            values = of(np.broadcast_to(z, Y[rows].shape), Y[rows])
            total += (values if share is None else share[rows, None] * values).sum(axis=0)
        return total / len(Y)

    @cached_property
    def gradient_scale(self) -> float:
        """How large a slope is at the null model, by the size of y alone: what `tol` multiplies."""
        return self.usual_slope * float(np.sqrt(self.row_size / self.size))

    @cached_property
    def rough_row_size(self) -> float:
        """`row_size` of some rows, where that of all would take a look at them."""
        return self.row_size

    @property
    def rough_scale(self) -> float:
        """`gradient_scale`, by that."""
        return self.usual_slope * float(np.sqrt(self.rough_row_size / self.size))

    @cached_property
    def usual_slope(self) -> float:
        """∂ℓ/∂z there."""
        slope = np.sqrt(self._at_level(lambda z, Y: self.loss.slope(z, Y) ** 2, self.null_theta).mean())
        # A constant y leaves only rounding at the null model; then the slope at 0 says what is small.
        level = np.sqrt(self._at_level(lambda z, Y: self.loss.slope(0 * z, Y) ** 2, self.null_theta).mean())
        return float(max(slope, 1e-8 * level) or 1.0)

    @property
    def _mean_square(self) -> float:
        """Of y, over rows and outputs."""
        Y, share = self.levels
        return float((Y**2 if share is None else share[:, None] * Y**2).mean())

    @cached_property
    def output_scale(self) -> float:
        """How far z may well lie from the best constant: for numbers, as far as y does."""
        squares = self._at_level(lambda z, Y: self.loss.output_scale(z, Y) ** 2, self.null_theta)
        return float(np.sqrt(squares.mean()))

    @cached_property
    def expected_size(self) -> float:
        """How large a weight may well be: the spread of y over the size of a column."""
        column = float(np.sqrt(self.row_size / self.size))
        return self.output_scale / column if self.output_scale > 0 and column > 0 else 1.0

    # ---- units -------------------------------------------------------------------------------

    def to_user(self, theta) -> np.ndarray:
        return self.standardise.to_user(np.asarray(theta, dtype=float), self.intercept)

    def to_inner(self, params) -> np.ndarray:
        return self.standardise.to_inner(np.asarray(params, dtype=float), self.intercept)

    @cached_property
    def column_scale(self) -> np.ndarray:
        """σ of the column that each θ belongs to; 0 for an intercept, which is never penalised.  (p,)"""
        widths = np.append(self.standardise.width, np.zeros(int(self.intercept)))
        return np.repeat(widths, self.outputs)
