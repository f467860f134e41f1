"""The losses of regression, and the table of all losses.

Those of regression are one family, in the residual e = z − y: a parabola e²/2h in the middle,
straight lines of slope `up` above and −`down` below,

    ℓ(e) = e²/2h             while −h·down ≤ e ≤ h·up,
    ℓ(e) = up·e − h·up²/2    above,      ℓ(e) = −down·e − h·down²/2    below,

which is the Moreau envelope, of width h, of the kinked loss max(up·e, −down·e). The squared loss is
only the parabola, absolute and quantile losses only the lines, and Huber has both.

The losses for classes and counts are in class_losses.py; `by_name` knows all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from inspect import signature
from typing import Any

import numpy as np

from ..arguments import is_number
from ..errors import DownslopeError, nearest, warn_renamed
from ..kernels.losses import RESIDUAL as RESIDUAL_CODE
from ..registry import Table
from .class_losses import Log, Poisson, SmoothedHinge, SquaredHinge
from .loss import SLACK, Loss, format_number

__all__ = ["SQUARED", "Loss", "absolute", "by_name", "format_number", "huber", "quantile", "squared", "told"]  # noqa: F822


def __getattr__(name: str):
    if name == "told":  # the name of version 0.1
        warn_renamed("losses.told", "format_number")
        return format_number
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@dataclass(frozen=True)
class Residual(Loss):
    """ℓ(z, y) in e = z − y (see the module). The mean of a row is z itself."""

    name: str
    up: float
    down: float
    width: float

    def value(self, z, y):
        """ℓ(z, y), elementwise.

        >>> huber(1.0).value(np.array([0.5, 3.0]), 0.0)
        array([0.25, 5.  ])
        """
        e = np.asarray(z) - y
        if self.quadratic:
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
        if self.quadratic:
            return e / self.width
        return np.clip(e / self.width, -self.down, self.up)

    def value_and_slope(self, z, y):
        """Both, with their common terms computed once."""
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

    @property
    def quadratic(self) -> bool:
        """Whether ℓ is exactly quadratic in z."""
        return math.isinf(self.up)

    @property
    def smooth(self) -> bool:
        """Whether ℓ has a slope everywhere."""
        return self.width > 0

    @property
    def curvature_bound(self) -> float:
        """The largest curvature of ℓ; infinite at a kink."""
        return 1 / self.width if self.width else math.inf

    @property
    def strictly_convex(self) -> bool:  # type: ignore[override]
        return self.quadratic

    @property
    def clipped(self) -> bool:
        return self.smooth and not self.quadratic

    @property
    def corner(self) -> tuple[float, float] | None:
        """(down, up) where ℓ(e) = max(up·e, −down·e)."""
        return None if self.smooth else (self.down, self.up)

    @property
    def curvature_floor(self) -> float:
        """The smallest curvature of ℓ."""
        return 1 / self.width if self.quadratic else 0.0

    @property
    def slope_bound(self) -> float:
        """The largest slope of ℓ; infinite for the squared loss."""
        return max(self.up, self.down)

    def allowed(self, slope) -> float:
        """The largest factor, up to 1, for which ℓ attains these slopes times the factor."""
        high, low = float(np.max(slope)), float(np.min(slope))
        return min(1.0, self.up / high if high > 0 else 1.0, -self.down / low if low < 0 else 1.0)

    def smoothed(self, width: float) -> Residual:
        """The loss with its kink smoothed over `width` (in units of y/slope); it differs from ℓ by at
        most width·slope_bound²/2. A smooth loss is returned unchanged. Nesterov 2005."""
        return self if self.smooth else replace(self, width=width)

    @property
    def spec(self) -> str:
        """The string from which `by_name` makes this loss."""
        if self.name == "huber":
            return f"huber:{format_number(self.up / 2)}"
        if self.name == "quantile":
            return f"quantile:{format_number(self.down)}"
        return self.name

    @property
    def kernel(self) -> tuple[int, float, float, float]:
        """The arguments that represent this loss in a kernel."""
        return RESIDUAL_CODE, self.up, self.down, self.width

    # ---- how it is written

    @property
    def _sides(self) -> tuple[str, str]:
        """Both slopes as Python writes them."""
        return repr(np.asarray(self.up).tolist()), repr(np.asarray(self.down).tolist())

    def formula(self, outputs=1):
        constant = self.spec.partition(":")[2]
        return {
            "squared": "(z − y)²",
            "absolute": "|z − y|",
            "huber": f"huber(z − y, δ = {constant})",
            "quantile": f"quantile(y − z, τ = {constant})",
        }[self.name]

    def slope_formula(self, outputs=1):
        return {"squared": "2·(z − y)", "absolute": "sign(z − y)"}.get(self.name, "ℓ′(z, y)")

    def numpy_lines(self, outputs, rounded=True):
        if self.quadratic:
            return ["(z - Y) ** 2"], ["2 * (z - Y)"], ["np.full(z.shape, 2.0)"]
        up, down = (f"np.array({side})" if self.levels else side for side in self._sides)
        if not (rounded or self.smooth):
            return [], [f"np.where(z > Y, {up}, np.where(z < Y, -{down}, 0.0))"], []
        h = repr(self.width) if self.smooth else "1e-3 * Y.std()"
        e = [f"e, h, up, down = z - Y, {h}, {up}, {down}"]
        inside = "inside = (-h * down <= e) & (e <= h * up)"
        lines = "lines = np.where(e > 0, up * e - h * up**2 / 2, -down * e - h * down**2 / 2)"
        return (
            [*e, inside, lines, "np.where(inside, e**2 / (2 * h), lines)"],
            [*e, "np.clip(e / h, -down, up)"],
            [*e, inside, "np.where(inside, 1 / h, 0.0)"],
        )

    def torch_line(self, outputs):
        double = "torch.tensor({}, dtype=torch.float64)"
        up, down = (double.format(side) if self.levels else side for side in self._sides)
        return {
            "squared": "(z - Y) ** 2",
            "absolute": "(z - Y).abs()",
            "huber": f"2 * nn.huber_loss(z, Y, reduction='none', delta={self.up / 2!r})",
            "quantile": f"torch.maximum({up} * (z - Y), -{down} * (z - Y))",
        }[self.name]


@dataclass(frozen=True)
class Quantiles(Residual):
    """Several quantiles of one target: a column of z for each level, whose predictions are put in order."""

    up: Any = field(compare=False)  # (q,)
    down: Any = field(compare=False)
    levels: tuple[float, ...]

    quadratic = False
    kernel = None  # type: ignore[assignment]

    @property
    def slope_bound(self) -> float:
        """The largest slope of any level."""
        return float(max(self.up.max(), self.down.max()))

    def allowed(self, slope) -> float:
        """The largest factor, up to 1, for which all levels attain these slopes times the factor."""
        return min(self.of_output(k).allowed(slope[:, k]) for k in range(len(self.levels)))

    def of_output(self, output: int) -> Residual:
        """The quantile loss of one level, as smooth as this one."""
        return replace(quantile(self.levels[output]), width=self.width)

    def mean(self, z):
        """The quantiles in order, as those of a row can cross: fits of their own know nothing of each other.
        Chernozhukov, Fernández-Val & Galichon 2010."""
        return np.sort(z, axis=-1)

    @property
    def spec(self) -> str:
        return "quantile:" + ",".join(map(format_number, self.levels))


def squared() -> Residual:
    """Squared loss  ℓ(z, y) = (z − y)².  The mean; closed form; sensitive to outliers."""
    return Residual("squared", math.inf, math.inf, 0.5)


def absolute() -> Residual:
    """Absolute loss  ℓ(z, y) = |z − y|.  The median; robust; has a kink at 0."""
    return Residual("absolute", 1.0, 1.0, 0.0)


def huber(delta: float = 1.35) -> Residual:
    """Huber loss  ℓ(z, y) = r² if |r| ≤ δ else 2δ|r| − δ²,  r = z − y.  Robust to outliers; δ is in
    the units of y.  Huber 1964, eq. 2."""
    _refuse_unless(is_number(delta) and delta > 0, "model.huber_delta", delta=delta)
    return Residual("huber", 2 * delta, 2 * delta, 0.5)


def quantile(level: float = 0.5, *more: float) -> Residual:
    """Quantile loss  ℓ(z, y) = τ(y − z) if y ≥ z else (1 − τ)(z − y).  The τ-quantile.  Koenker 1978.

    Of several levels the sum: each has its own weights, and predictions are put in order where they cross.
    """
    for one in (level, *more):
        _refuse_unless(is_number(one) and 0 < one < 1, "model.quantile_level", level=one)
    if not more:
        return Residual("quantile", 1 - level, level, 0.0)
    levels = tuple(sorted(map(float, (level, *more))))
    listed = ", ".join(map(format_number, levels))
    _refuse_unless(len(set(levels)) == len(levels), "model.quantile_twice", levels=listed)
    return Quantiles("quantile", 1 - np.array(levels), np.array(levels), 0.0, levels)


RESIDUAL: dict[str, Callable[..., Loss]] = {
    "squared": squared,
    "absolute": absolute,
    "huber": huber,
    "quantile": quantile,
}
CURVED: dict[str, Callable[..., Loss]] = {
    "log": Log,
    "squared_hinge": SquaredHinge,
    "smoothed_hinge": SmoothedHinge,
    "poisson": Poisson,
}
LOSSES = Table("loss", RESIDUAL | CURVED, Loss)


SQUARED = squared()


def by_name(spec: str | Loss) -> Loss:
    """The loss named by a string; a number after a colon is its parameter, or several of quantiles.

    >>> by_name("huber:2").spec, by_name("quantile:0.9").down, by_name("quantile:0.9,0.1").levels
    ('huber:2', 0.9, (0.1, 0.9))
    """
    if isinstance(spec, Loss):
        return spec
    name, _, parameter = str(spec).partition(":")
    if name not in LOSSES:
        raise DownslopeError("model.unknown_loss", asked=spec, known=nearest(name, LOSSES))
    if not parameter:
        return LOSSES[name]()
    if not set(signature(LOSSES[name]).parameters) - {"name"}:
        raise DownslopeError("model.no_parameter", asked=spec, name=name)
    parts = parameter.split(",") if LOSSES[name] is quantile else [parameter]
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        several = "model.quantile_list" if len(parts) > 1 else "model.not_a_number"
        raise DownslopeError(several, asked=spec, found=parameter) from None
    return LOSSES[name](*numbers)


def find(spec) -> Loss | None:
    """The loss named by a string; None if there is none."""
    with suppress(DownslopeError):
        return by_name(spec)
    return None


def _refuse_unless(holds: bool, key: str, **facts) -> None:
    if not holds:
        raise DownslopeError(key, **facts)
