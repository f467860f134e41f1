"""One protocol of losses: the calculus of one prediction, ℓ(z, y), and all that is ever asked of it.

A loss is one frozen dataclass that derives from `Loss`, with `value`, `slope` and `curvature`. What it leaves
out has the default of a smooth convex loss of which no more is known; `losses.LOSSES` names them. Nobody
outside asks for a loss by its name.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

SLACK = 1e-14  # by which rounding may carry a slope beyond those that a loss has


class Loss:
    """ℓ(z, y) for arrays z (n, k) and y as `targets` says; the mean of a row is `mean(z)`."""

    name: Any  # by which `by_name` finds it

    # ---- y and the mean
    targets: ClassVar[str] = "number"  # or "count", "classes" (coded: 0 and 1, or a column for each of K > 2)
    link: ClassVar[str] = "identity"  # of the mean: or "log", "logit" (of K classes softmax)

    # ---- shape of ℓ in z
    smooth: Any = True  # a slope exists everywhere
    quadratic: Any = False  # exactly a parabola
    curvature_bound: Any = math.nan  # the largest curvature; infinite at a kink, NaN where there is no bound
    curvature_floor: Any = 0.0  # the smallest curvature
    slope_bound: Any = math.inf  # the steepest that ℓ gets
    strictly_convex: ClassVar[bool] = False  # curved everywhere: there is one minimum at most
    attained: ClassVar[bool] = True  # whether its least is at a finite z
    nonnegative: ClassVar[bool] = True
    clipped: Any = False  # a parabola near y, straight lines beyond
    corner: Any = None  # (down, up), of a loss max(up·e, −down·e)
    likelihood: ClassVar[bool] = False  # the negative log-likelihood of y, with no scale to be estimated
    cross_entropy: ClassVar[bool] = False  # log loss itself, of which more is known in closed form

    # ---- several outputs of one target
    levels: Any = ()  # the levels of several quantiles, of which each has its own column of z

    # ---- other forms of it
    kernel: Any = None  # (code, up, down, width) for the compiled loops; None: NumPy everywhere

    @property
    def labels(self) -> bool:
        """Whether y contains classes."""
        return self.targets == "classes"

    @property
    def has_probabilities(self) -> bool:
        """Whether the mean is the probability of each class."""
        return self.link == "logit"

    # ---- the calculus

    def value(self, z, y) -> np.ndarray:
        """ℓ(z, y), (n, k), or (n, 1) where columns are coupled."""
        raise NotImplementedError

    def slope(self, z, y) -> np.ndarray:
        """∂ℓ/∂z, (n, k)"""
        raise NotImplementedError

    def value_and_slope(self, z, y):
        """Both, with their common terms computed once."""
        return self.value(z, y), self.slope(z, y)

    def curvature(self, z, y) -> np.ndarray:
        """∂²ℓ/∂z², (n, k), or (n, k, k) where columns are coupled."""
        raise NotImplementedError

    def conjugate(self, slope, y) -> np.ndarray:
        """ℓ*(ν, y) = sup_z ν·z − ℓ(z, y), shaped as `value`; infinite for slopes that ℓ does not attain,
        or if unknown: then there is no duality gap."""
        return np.full(np.shape(y), math.inf)

    def allowed(self, slope) -> float:
        """The largest factor, up to 1, for which ℓ attains these slopes times the factor."""
        return 1.0

    def mean(self, z):
        """The prediction at the linear predictor z."""
        return z

    @property
    def output_names(self) -> tuple[str, ...]:
        """The names of the columns of z, where a loss makes several of one target."""
        return tuple(f"q{format_number(level)}" for level in self.levels)

    def of_output(self, output: int) -> Any:
        """The loss of one column of z by itself."""
        return self

    def coupled(self, outputs: int) -> bool:
        """Whether the columns of z depend on each other."""
        return False

    def bound_for(self, outputs: int) -> float:
        """The largest curvature of the loss of `outputs` columns together."""
        return self.curvature_bound

    def smoothed(self, width: float) -> Any:
        """The loss with its kink smoothed over `width`; the loss itself if it has none."""
        return self

    # ---- reference

    def null(self, Y, share) -> np.ndarray:
        """The best constant z of each output.  (k,)"""
        return np.array([self.of_output(k).null_prediction(y, share) for k, y in enumerate(Y.T)])

    def null_prediction(self, y, weights=None) -> float:
        """The one z that predicts numbers y (n,) best: mean, median, quantile, or Huber's between.

        >>> from downslope.model.losses import squared
        >>> squared().null_prediction(np.array([1.0, 2.0, 6.0]))
        3.0
        """
        y = np.asarray(y, dtype=float)
        if self.quadratic:
            return float(np.average(y, weights=weights))
        share = np.full(len(y), 1 / len(y)) if weights is None else np.asarray(weights) / np.sum(weights)
        low, high = float(y.min()), float(y.max())
        for _ in range(200):  # the mean slope rises with z: halve the interval in which it changes sign
            middle = 0.5 * (low + high)
            if not low < middle < high:
                break
            low, high = (low, middle) if share @ self.slope(middle, y) >= 0 else (middle, high)
        return high if share @ self.value(high, y) <= share @ self.value(low, y) else low

    def output_scale(self, z, Y) -> np.ndarray:
        """Typical distance of z from the null prediction: the spread of numeric y, else one unit."""
        return z - Y if self.targets == "number" else np.ones_like(Y)

    def infimum(self, Y) -> np.ndarray:
        """inf ℓ(·, y), elementwise."""
        return np.zeros_like(Y)

    def check(self, Y) -> None:
        """Refuse a y outside the domain."""

    # ---- how it is written

    @property
    def spec(self) -> str:
        """The string from which `by_name` makes this loss."""
        return self.name

    def formula(self, outputs: int = 1) -> str:
        """ℓ(z, y) in mathematical notation."""
        return f"{self.name}(z, y)"

    def slope_formula(self, outputs: int = 1) -> str:
        """∂ℓ/∂z in mathematical notation."""
        return "ℓ′(z, y)"

    def numpy_lines(
        self, outputs: int, rounded: bool = True
    ) -> tuple[list[str], list[str], list[str]] | None:
        """Lines of NumPy for value, slope and curvature of z and Y (n, k), the last an expression; `chances`
        is a function of the script. A kink is smoothed unless `rounded` is False, which needs only a slope.
        None: no script can be written."""
        return None

    def torch_line(self, outputs: int) -> str | None:
        """ℓ(z, Y) as an expression of PyTorch."""
        return None


def format_number(number: float) -> str:
    """The shortest decimal digits that read back as the same number.

    >>> format_number(2.0), format_number(1 / 3)
    ('2', '0.3333333333333333')
    """
    return repr(float(number)).removesuffix(".0")
