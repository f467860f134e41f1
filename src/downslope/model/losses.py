"""The calculus of one prediction: value, slope and curvature of ℓ(z, y). Everything else is derived.

The losses of regression are one family, in the residual e = z − y: a parabola e²/2h in the middle,
straight lines of slope `up` above and −`down` below it,

    ℓ(e) = e²/2h             while −h·down ≤ e ≤ h·up,
    ℓ(e) = up·e − h·up²/2    above,      ℓ(e) = −down·e − h·down²/2    below,

which is the Moreau envelope, of width h, of the kinked loss max(up·e, −down·e). Squared is the
parabola without end, absolute and quantile are the lines without parabola, Huber has both.

The losses for classes and counts are in class_losses.py; `by_name` knows all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..arguments import is_number
from ..errors import DownslopeError, nearest
from ..kernels.losses import RESIDUAL
from .class_losses import SLACK, CurvedLoss, Log, Poisson, SmoothedHinge, SquaredHinge


@dataclass(frozen=True)
class Loss:
    """ℓ(z, y) of the residual family, in e = z − y (see the module). The mean of a row is z itself."""

    name: str
    up: float
    down: float
    width: float
    code: int = RESIDUAL

    labels = False  # y holds numbers

    def value(self, z, y):
        """ℓ(z, y), elementwise.

        >>> huber(1.0).value(np.array([0.5, 3.0]), 0.0)
        array([0.25, 5.  ])
        """
        e = np.asarray(z) - y
        if math.isinf(self.up):
            return e * e / (2 * self.width)
        inside = e * self.slope(z, y) / 2 if self.width else np.zeros_like(e, dtype=float)
        above = self.up * e - self.width * self.up**2 / 2
        below = -self.down * e - self.width * self.down**2 / 2
        return np.where(e > self.width * self.up, above, np.where(e < -self.width * self.down, below, inside))

    def slope(self, z, y):
        """∂ℓ/∂z, elementwise; at a kink, the slope nearest to zero.

        >>> absolute().slope(np.array([-3.0, 0.0, 3.0]), 0.0)
        array([-1.,  0.,  1.])
        """
        e = np.asarray(z) - y
        if self.width == 0:
            return np.where(e > 0, self.up, np.where(e < 0, -self.down, 0.0))
        if math.isinf(self.up):
            return e / self.width
        return np.clip(e / self.width, -self.down, self.up)

    def value_and_slope(self, z, y):
        """Both, for the price of what they have in common."""
        if self.quadratic:
            e = z - y
            return e * e / (2 * self.width), e / self.width
        return self.value(z, y), self.slope(z, y)

    def curvature(self, z, y):
        """∂²ℓ/∂z², elementwise, where it exists; 0 at the joints and kinks."""
        e = np.asarray(z) - y
        if self.width == 0:
            return np.zeros_like(e, dtype=float)
        inside = (e < self.width * self.up) & (e > -self.width * self.down)
        return np.where(inside, 1 / self.width, 0.0)

    def conjugate(self, slope, y):
        """ℓ*(ν, y) = sup_z ν·z − ℓ(z, y) = ν·y + h·ν²/2, for slopes that ℓ has; infinite for others."""
        out = (slope > self.up * (1 + SLACK)) | (slope < -self.down * (1 + SLACK))
        return np.where(out, math.inf, slope * y + self.width * slope**2 / 2)

    def mean(self, z):
        """What is predicted at the linear predictor z: z itself."""
        return z

    @property
    def quadratic(self) -> bool:
        """Whether ℓ is exactly a parabola in z."""
        return math.isinf(self.up)

    @property
    def smooth(self) -> bool:
        """Whether ℓ has a slope everywhere."""
        return self.width > 0

    @property
    def curvature_bound(self) -> float:
        """The largest curvature that ℓ has; infinite at a kink."""
        return 1 / self.width if self.width else math.inf

    def bound_for(self, outputs: int) -> float:
        """The largest curvature of the loss of `outputs` columns together."""
        return self.curvature_bound

    def coupled(self, outputs: int) -> bool:
        """Whether the columns of z depend on each other: here, never."""
        return False

    @property
    def curvature_floor(self) -> float:
        """The smallest curvature that ℓ has."""
        return 1 / self.width if self.quadratic else 0.0

    @property
    def slope_bound(self) -> float:
        """The steepest that ℓ gets; infinite for the squared loss."""
        return max(self.up, self.down)

    def allowed(self, slope) -> float:
        """The largest share of these slopes, up to 1, that ℓ has."""
        high, low = float(np.max(slope)), float(np.min(slope))
        return min(1.0, self.up / high if high > 0 else 1.0, -self.down / low if low < 0 else 1.0)

    def smoothed(self, width: float) -> Loss:
        """The loss with its kink rounded over `width` (in units of y/slope); it differs from ℓ by at
        most width·slope_bound²/2. A loss that is smooth already is returned as it is. Nesterov 2005."""
        return self if self.smooth else replace(self, width=width)

    @property
    def spec(self) -> str:
        """The text that `by_name` turns into this loss again."""
        if self.name == "huber":
            return f"huber:{told(self.up / 2)}"
        if self.name == "quantile":
            return f"quantile:{told(self.down)}"
        return self.name

    @property
    def constants(self) -> tuple[int, float, float, float]:
        """What a kernel is given in place of this object."""
        return self.code, self.up, self.down, self.width

    def null_prediction(self, y, weights=None) -> float:
        """The one number that predicts y best: mean, median, quantile, or Huber's between.

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

    def null(self, Y, share) -> np.ndarray:
        """The best constant prediction of each output.  (k,)"""
        return np.array([self.null_prediction(y, share) for y in Y.T])

    def spread(self, z, Y) -> np.ndarray:
        """How far z may well lie from the null prediction: as far as y does."""
        return z - Y

    def infimum(self, Y) -> np.ndarray:
        """inf ℓ(·, y), elementwise: at z = y."""
        return np.zeros_like(Y)

    def check(self, Y) -> None:
        """Every finite y is in the domain."""


def squared() -> Loss:
    """Squared loss  ℓ(z, y) = (z − y)².  The mean; closed form; sensitive to outliers."""
    return Loss("squared", math.inf, math.inf, 0.5)


def absolute() -> Loss:
    """Absolute loss  ℓ(z, y) = |z − y|.  The median; robust; has a kink at 0."""
    return Loss("absolute", 1.0, 1.0, 0.0)


def huber(delta: float = 1.35) -> Loss:
    """Huber loss  ℓ(z, y) = r² if |r| ≤ δ else 2δ|r| − δ²,  r = z − y.  Robust to outliers; δ is in
    the units of y.  Huber 1964, eq. 2."""
    _refuse_unless(is_number(delta) and delta > 0, "model.huber_delta", delta=delta)
    return Loss("huber", 2 * delta, 2 * delta, 0.5)


def quantile(level: float = 0.5) -> Loss:
    """Quantile loss  ℓ(z, y) = τ(y − z) if y ≥ z else (1 − τ)(z − y).  The τ-quantile.  Koenker 1978."""
    _refuse_unless(is_number(level) and 0 < level < 1, "model.quantile_level", level=level)
    return Loss("quantile", 1 - level, level, 0.0)


LOSSES: dict[str, Callable[..., Loss]] = {
    "squared": squared,
    "absolute": absolute,
    "huber": huber,
    "quantile": quantile,
}
CURVED: dict[str, Callable[..., CurvedLoss]] = {
    "log": Log,
    "squared_hinge": SquaredHinge,
    "smoothed_hinge": SmoothedHinge,
    "poisson": Poisson,
}


def told(number: float) -> str:
    """A number in as few digits as say it exactly.

    >>> told(2.0), told(1 / 3)
    ('2', '0.3333333333333333')
    """
    return repr(float(number)).removesuffix(".0")


SQUARED = squared()


def by_name(spec: str | Loss | CurvedLoss) -> Loss | CurvedLoss:
    """The loss that a text names; a number after a colon is its parameter.

    >>> by_name("huber:2").spec, by_name("quantile:0.9").down
    ('huber:2', 0.9)
    """
    if isinstance(spec, Loss | CurvedLoss):
        return spec
    name, _, parameter = str(spec).partition(":")
    every: dict[str, Callable[..., Loss | CurvedLoss]] = {**LOSSES, **CURVED}
    if name not in every:
        raise DownslopeError("model.unknown_loss", asked=spec, known=nearest(name, every))
    if not parameter:
        return every[name]()
    if name not in ("huber", "quantile"):
        raise DownslopeError("model.no_parameter", asked=spec, name=name)
    try:
        number = float(parameter)
    except ValueError:
        raise DownslopeError("model.not_a_number", asked=spec, found=parameter) from None
    return LOSSES[name](number)


def _refuse_unless(holds: bool, key: str, **facts) -> None:
    if not holds:
        raise DownslopeError(key, **facts)
