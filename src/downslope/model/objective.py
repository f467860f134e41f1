"""F(w) as methods see it: values, gradients, curvature, a function along a line, a certificate.

F = f + α·R. The term f is what the rows make (`LinearTerm`), or their moments, or a function of its
own; the penalty is added here, once, for all of them. A method asks for capabilities, never for a
loss, a file or a table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ..arguments import ROWS, a, door
from ..data.memory import free
from ..errors import DownslopeError, Renamed, warn_renamed
from . import penalties
from .basis import Basis, along, basis, step_of_columns
from .crossover import crossover
from .duality import free_gap, newton_fall
from .function_term import FunctionTerm
from .functions import Function
from .least_squares import LeastSquares, least_squares
from .linear import Linear
from .losses import by_name as loss_by_name
from .moments import reduced
from .penalties import Penalty, kink_distance, soft_threshold

NO_PENALTY = penalties.none()
LARGE = 5_000  # weights, from which a matrix of all pairs of them may not fit in memory


class Point(NamedTuple):
    """What was found at one place."""

    theta: np.ndarray  # (p,) in the coordinates of the descent
    value: float  # F: the term, the penalty, kink and all
    gradient: Any  # (p,) of the smooth part of F; None where only F was asked for
    cached: object  # what the term remembers, for `line` and `hessian`


class Line:
    """t → F(θ + t·d), which for a linear model costs O(n), and for moments O(d²), not a look at X."""

    def __init__(self, objective: Objective, point: Point, direction: np.ndarray):
        self.objective, self.start, self.direction = objective, point, direction
        self._term, self._at = objective.term.line(point.cached, direction)
        l2 = objective.l2
        self._price = [0.0, 0.0, 0.0]
        if l2.any():  # else a direction beyond 1e154 would make it 0·∞
            tilt = float(l2 @ (point.theta * direction))
            self._price = [0.5 * float(l2 @ point.theta**2), tilt, 0.5 * float(l2 @ direction**2)]

    def value_and_slope(self, t: float) -> tuple[float, float]:
        """F(θ + t·d) and its derivative in t."""
        value, slope = self._term(t)
        price, tilt, bend = self._price
        return value + price + t * (tilt + t * bend), slope + tilt + 2 * t * bend

    def point(self, t: float) -> Point:
        """All that `Objective.value_and_gradient` gives at θ + t·d, from what the line holds already."""
        theta = self.start.theta + t * self.direction
        return self.objective.with_penalty(theta, *self._at(t))


@dataclass(frozen=True, eq=False)
class Objective:
    """F(θ) = f(θ) + α·R(w), with θ in the coordinates of the descent and w in the user's units.

    For a separable penalty, R over the user's w is again separable over θ: α·l1·|w| = l1ⱼ|θⱼ| with
    l1ⱼ = α·l1/σⱼ, and likewise for the L2 part with σⱼ². The L2 part is smooth and is in the gradient;
    `prox` and `stationarity` handle the kink.
    """

    term: Any  # a Term; of a linear model it has rows, X, Y and a loss too
    penalty: Penalty = NO_PENALTY
    units: np.ndarray | None = None  # (p,) σ, where the penalty is on σ·w: standardised columns; else on w
    stop_score: Any = None  # over validation rows: a score of w that a descent is stopped by, instead of F

    def __repr__(self) -> str:
        loss = getattr(getattr(self.term, "loss", None), "spec", "f")
        price = f" + {self.penalty.alpha:g}·{self.penalty.spec}" if self.penalty.alpha else ""
        return f"<Objective {loss}{price}; {self.size} weights, {self.rows} rows>"

    # ---- capabilities ------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        return self.term.names

    @property
    def size(self) -> int:
        return self.term.size

    @property
    def rows(self) -> int:
        """Number of terms in the sum; 1 for a function."""
        return self.term.rows

    @property
    def smooth(self) -> bool:
        """The gradient exists everywhere: neither loss nor penalty has a kink."""
        return self.term.smooth and not self.nonsmooth

    @property
    def nonsmooth(self) -> bool:
        """The penalty has a kink, which needs a proximal step."""
        return self.penalty.nonsmooth

    @property
    def curved(self) -> bool:
        """There is a Hessian."""
        return self.term.curved

    @property
    def quadratic(self) -> bool:
        """f is exactly quadratic."""
        return self.term.quadratic

    @property
    def linear_rows(self) -> bool:
        """A compiled kernel can run a whole epoch over the rows."""
        return self.term.linear_rows

    @property
    def linear(self) -> bool:
        """f is the mean loss of a linear model over rows, given as rows or as their moments."""
        return self.term.linear

    @property
    def whole(self) -> bool:
        """All rows are in memory."""
        return self.term.in_memory

    @property
    def sequential(self) -> bool:
        """So few numbers that the kernels run uncompiled, row by row."""
        return self.term.sequential

    def refuse_large_matrix(self, weights: int, method: str) -> None:
        """Raise DownslopeError if a p × p matrix and its factorisation do not fit in memory."""
        if weights > LARGE and (needed := 3 * 8 * weights**2) > (room := free()):
            facts = {"needed": f"{needed / 1e9:,.0f}", "free": f"{room / 1e9:,.1f}"}
            raise DownslopeError("descent.matrix_memory", method=method, weights=f"{weights:,}", **facts)

    @property
    def stochastic(self) -> bool:
        """Two evaluations at the same θ differ, as for a net with dropout."""
        return self.term.stochastic

    @property
    def rng_calls(self) -> int:
        """Number of random draws of a net's dropout so far."""
        return self.term.state_dict()[0]

    @property
    def buffers(self) -> dict[str, np.ndarray]:
        """Buffers of a net, such as running means."""
        return self.term.state_dict()[1]

    def load_state_dict(self, rng_calls: int, buffers: dict[str, np.ndarray] | None) -> None:
        """Continue from this number of random draws and these buffers."""
        self.term.load_state_dict(rng_calls, buffers)

    def first_non_finite(self, gradient) -> str | None:
        """The first parameter of a net whose gradient is not finite; None if all are finite."""
        return self.term.first_non_finite(gradient)

    # ---- values ------------------------------------------------------------------------------

    def value_and_gradient(self, theta, rows=None) -> Point:
        """F and the gradient of its smooth part, over all rows, or the mean over some of them."""
        return self.with_penalty(theta, *self.term.value_and_gradient(theta, rows))

    def with_penalty(self, theta, value, gradient, cached) -> Point:
        """Value and gradient of the term plus those of the penalty."""
        if self.penalty.alpha:
            value = value + self.penalty_value(theta)
            gradient = gradient + self.l2 * theta
        return Point(theta, value, gradient, cached)

    def value(self, theta) -> float:
        if not self.sequential and self.term.intercept_only(theta):
            return self.term.intercept_only_value(theta) + self.penalty_value(theta)
        return self.value_of_rows(theta).value

    def value_of_rows(self, theta) -> Point:
        """`value_and_gradient` of all rows, without the gradient."""
        value = self.term.value(theta)
        return Point(theta, value + self.penalty_value(theta) if self.penalty.alpha else value, None, None)

    def value_only(self, theta) -> Point:
        """F without its gradient, from y alone where no feature counts."""
        return Point(theta, self.value(theta), None, None)

    def values(self, thetas) -> np.ndarray:
        """F at many weights, (m, p) → (m,)."""
        thetas = np.asarray(thetas, dtype=float)
        return self._with_penalty(self.term.values(thetas), thetas)

    def _with_penalty(self, values, thetas) -> np.ndarray:
        return values + 0.5 * thetas**2 @ self.l2 + np.abs(thetas) @ self.l1

    def penalty_value(self, theta) -> float:
        """α·R(w)"""
        return float(0.5 * self.l2 @ theta**2 + self.l1 @ np.abs(theta))

    def line(self, point: Point, direction) -> Line:
        return Line(self, point, direction)

    def plane(self, theta, across, up):
        """(a, b) → F(θ + a·across + b·up), for points (m, 2): three passes over X in all."""
        on_plane, basis = self.term.plane(theta, across, up), np.stack([across, up])  # (2, p)
        if not self.penalty.alpha:
            return on_plane
        return lambda points: self._with_penalty(on_plane(points), theta + points @ basis)

    def hessian(self, point: Point) -> np.ndarray:
        """Of the smooth part of F.  (p, p)"""
        return self.term.hessian(point.theta, point.cached) + np.diag(self.l2)

    @cached_property
    def basis(self) -> Basis:
        """Directions in which the rows and the penalty measure the same; of rows only."""
        term, k = self.term, self.term.outputs
        return basis(term, self.usual_curvature, self.l2.reshape(-1, k)[:, 0])

    @cached_property
    def usual_curvature(self) -> float:
        """Of the loss in z: its bound, or its mean at the null model where there is none."""
        if self.quadratic:
            return 2.0
        bound = self.term.loss.bound_for(self.term.outputs)
        return float(bound if math.isfinite(bound) else self.term.null_curvature)

    def hessian_along(self, point: Point) -> np.ndarray:
        """Bᵀ∇²F·B in the directions of `basis`.  (r·k, r·k)"""
        B = self.basis.B
        price = (B.T * self.l2.reshape(len(B), -1)[:, 0]) @ B
        f = along(self.basis, self.term, point.theta, point.cached)
        return f + np.kron(price, np.eye(self.term.outputs))

    def step_of_columns(self, point: Point, reach: float) -> np.ndarray | None:
        """Newton's step of many weights, without eigenvalues, where that is safe; see `basis`."""
        return step_of_columns(self, point, reach)

    @cached_property
    def argmin(self) -> np.ndarray:
        """θ* of a squared loss without a kink, and among several that of least ‖w‖."""
        return least_squares(self.term.unreduced, self.l2 if self.penalty.alpha else None).theta

    def prox(self, v, step):
        """argmin ½(θ − v)²/step + Σ l1ⱼ|θⱼ|, elementwise."""
        return soft_threshold(v, step * self.l1)

    def stationarity(self, theta, gradient) -> float:
        """The largest distance of −g to the penalty's subdifferential: 0 at a minimum."""
        if not self.nonsmooth:
            return float(np.abs(gradient).max())
        return float(kink_distance(gradient, theta, self.l1).max())

    def gap(self, point: Point, passes: float = math.inf) -> float | None:
        """Duality gap: an upper bound on F(θ) − F*, for θ from any method; None if there is none.

        Available for every linear model and for quadratic functions. It holds up to the rounding of F, for
        which about 1e-14 is added. It may cost a twentieth of that many passes over the rows; None if more
        would be needed. See `duality`.

        >>> from downslope.data import Dataset
        >>> rows = Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
        >>> F = objective(rows, model=Linear(intercept=False, scale=False))
        >>> point = F.value_and_gradient(np.array([1.0]))
        >>> round(point.value, 12), round(F.gap(point), 12)  # F* = 0
        (4.666666666667, 4.666666666667)
        """
        return self.term.gap(self, point, passes)

    def free_gap(self, point: Point) -> float | None:
        """`gap`, if it needs no pass over the rows."""
        return free_gap(self, point)

    def newton_fall(self, point: Point) -> float | None:
        """Decrease of F by a Newton step; None if that costs much more than a pass over the rows."""
        return newton_fall(self, point)

    @cached_property
    def hessian_of_parabola(self) -> np.ndarray:
        """H of the smooth part, the same everywhere; for a squared loss."""
        return self.term.constant_hessian + np.diag(self.l2)

    @property
    def lowest_theta(self) -> np.ndarray:
        """θ*, if F is computed from moments and has no kink."""
        return self.argmin if self.l2.any() else self.term.minimum

    # ---- bounds ------------------------------------------------------------------------------

    @cached_property
    def lipschitz(self) -> float:
        """L of the smooth part's gradient; infinite when there is none, NaN when it is not known."""
        return self.term.lipschitz + float(self.l2.max(initial=0.0))

    @cached_property
    def strong_convexity(self) -> float:
        """μ of the smooth part; 0 when it is not known."""
        return self.term.strong_convexity + (float(self.l2.min()) if self.size else 0.0)

    @property
    def bounded(self) -> bool:
        """Whether L is known (also if infinite), without computing it."""
        return self.term.bounded

    def curvature_along(self, direction) -> float:
        """A bound on the curvature of the smooth part along a direction: ≥ d·∇²F(θ)·d for all θ."""
        return self.term.curvature_along(direction) + float(self.l2 @ direction**2)

    @property
    def gradient_scale(self) -> float:
        """The unit of `tol`: the size of a slope at the null model; 1 for a function."""
        return self.term.gradient_scale

    @cached_property
    def null_value(self) -> float:
        """F at the best weights with no feature in them."""
        return float(self.term.null_value) + self.penalty_value(self.term.null_theta)

    # ---- the penalty, by coordinate ------------------------------------------------------------

    @cached_property
    def l1(self) -> np.ndarray:
        return self._priced(self.penalty.alpha * self.penalty.l1, 1)

    @cached_property
    def l2(self) -> np.ndarray:
        return self._priced(self.penalty.alpha * self.penalty.l2, 2)

    def _priced(self, price: float, power: int) -> np.ndarray:
        widths = self.term.column_scale
        ratio = np.where(widths > 0, widths / (1.0 if self.units is None else self.units), 1.0)
        return np.where(widths > 0, price / ratio**power, 0.0)

    def extrapolate(self, point: Point, theta) -> Point:
        """F and its gradient at θ from those at another point, without the rows, if F is exactly
        quadratic."""
        away = theta - point.theta
        gram = self.term.gram  # a squared loss bends twice as much
        pull = 2 * (gram @ away.reshape(len(gram), -1)).ravel() + self.l2 * away
        value = point.value + float(point.gradient @ away) + 0.5 * float(away @ pull)
        return Point(theta, value, point.gradient + pull, None)

    # ---- other forms of the same -----------------------------------------------------------------

    def reduced(self) -> Objective:
        """The same F from its moments: every evaluation costs O(d²), whatever the number of rows."""
        return replace(self, term=reduced(self.term))

    def subsample(self, every: int) -> Objective:
        """The same F over every `every`-th row, in the same coordinates."""
        return replace(self, term=self.term.subsample(every))

    def uncentred(self) -> Objective:
        """The same F in the coordinates of methods that use batches of sparse rows (not centred)."""
        return replace(self, term=self.term.uncentred())

    def solved(self) -> LeastSquares:
        """The minimiser of a squared loss with or without L2, in one solve."""
        return least_squares(self.term, self.l2 if self.penalty.alpha else None)

    def crossover(self) -> tuple[np.ndarray, float] | None:
        """θ at the minimum of a loss with a kink, and an upper bound on F − F* there."""
        return crossover(self)

    def smoothed(self, width: float) -> Objective:
        """The same F with the kink of the loss smoothed over `width`."""
        return replace(self, term=self.term.with_loss(self.term.loss.smoothed(width)))

    def to_user(self, theta) -> np.ndarray:
        """From the coordinates of the descent to the units of the columns."""
        return self.term.to_user(theta)

    def to_inner(self, params) -> np.ndarray:
        return self.term.to_inner(params)

    # ---- names of version 0.1 ----------------------------------------------------------------------

    at, priced, valued = Renamed("value_and_gradient"), Renamed("with_penalty"), Renamed("value_only")
    price, bend, beside = Renamed("penalty_value"), Renamed("curvature_along"), Renamed("extrapolate")
    kinked, sweeps, certificate = Renamed("nonsmooth"), Renamed("linear_rows"), Renamed("stationarity")
    tiny, noisy, thinned = Renamed("sequential"), Renamed("stochastic"), Renamed("subsample")
    drawn, gathered = Renamed("rng_calls"), Renamed("buffers")

    def go_back(self, drawn: int, gathered: dict[str, np.ndarray] | None) -> None:
        """`load_state_dict` under its name of version 0.1."""
        warn_renamed("Objective.go_back", "load_state_dict")
        self.load_state_dict(drawn, gathered)


def objective_of(term, penalty: Penalty, penalty_on: str = "raw", scale: bool = True) -> Objective:
    """F of a term and a penalty on its weights w; with `penalty_on` "standardised", on σ·w."""
    standardised = penalties.on_standardised(penalty_on, scale) and penalty.alpha > 0
    units = np.where(term.column_scale > 0, term.column_scale, 1.0) if standardised else None
    return Objective(term, penalty, units)


@door(dataset=ROWS, model=a("Linear", none=True))
def objective(
    dataset, loss="squared", penalty=None, alpha=0.0, model: Linear | None = None, penalty_on="raw"
) -> Objective:
    """F of a linear model over the rows of a Dataset.

    >>> from downslope.data import Dataset
    >>> rows = Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
    >>> F = objective(rows, model=Linear(intercept=False, scale=False))
    >>> F.value(np.array([0.0])), F.lipschitz, 2 / F.lipschitz
    (18.666666666666668, 9.333333333333334, 0.21428571428571427)
    """
    model = model or Linear()
    term = model.term(dataset, loss_by_name(loss))
    return objective_of(term, penalties.by_name(penalty, alpha), penalty_on, model.scale)


def function_objective(function: Function) -> Objective:
    """F of a function: nothing is summed, nothing is penalised."""
    return Objective(FunctionTerm(function))
