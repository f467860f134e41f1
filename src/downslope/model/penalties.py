"""Penalties on large weights: value, prox, and the distance of −g to the subdifferential.

Every penalty here is a sum over weights, R(w) = Σⱼ l1·|wⱼ| + l2·½wⱼ², and the objective contains α·R.
The intercept is never penalised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arguments import is_number
from ..errors import DownslopeError, nearest
from ..kernels.updates import kink_distance
from ..kernels.updates import shrink as soft_threshold
from ..registry import Table
from .loss import format_number

__all__ = ["Penalty", "by_name", "elasticnet", "kink_distance", "l1", "l2", "none", "soft_threshold"]


@dataclass(frozen=True)
class Penalty:
    """α·R(w) with R(w) = Σⱼ l1·|wⱼ| + l2·½wⱼ²."""

    name: str
    alpha: float
    l1: float
    l2: float

    def value(self, w) -> float:
        """α·R(w)

        >>> l1(0.5).value(np.array([3.0, -1.0]))
        2.0
        """
        w = np.asarray(w, dtype=float)
        return float(self.alpha * (self.l1 * np.abs(w).sum() + 0.5 * self.l2 * (w * w).sum()))

    def prox(self, v, step=1.0):
        """argmin_w ½(w − v)² + step·α·R(w), elementwise; `step` may differ by weight.

        >>> l1(1.0).prox(np.array([3.0, -0.5]), 1.0)
        array([ 2., -0.])
        """
        shrunk = soft_threshold(np.asarray(v, dtype=float), step * self.alpha * self.l1)
        return shrunk / (1 + step * self.alpha * self.l2)

    def distance(self, g, w):
        """dist(−g, α·∂R(w)), elementwise: 0 if F cannot be decreased by changing only that weight.

        g is the gradient of the loss alone. At w = 0 the subdifferential of |w| is [−1, 1].
        """
        g = np.asarray(g, dtype=float) + self.alpha * self.l2 * np.asarray(w)
        return kink_distance(g, w, self.alpha * self.l1)

    @property
    def nonsmooth(self) -> bool:
        """Whether R has a kink at 0, which needs a proximal step."""
        return self.alpha * self.l1 > 0

    def formula(self, w: str = "w") -> str:
        """R in mathematical notation, with the weights written as `w`."""
        absolute, square = f"‖{w}‖₁", f"½‖{w}‖²"
        both = f"({self.l1:g}·{absolute} + {self.l2:g}·{square})"
        return {"none": "0", "l1": absolute, "l2": square}.get(self.name, both)

    @property
    def spec(self) -> str | None:
        """The string from which `by_name` makes this penalty."""
        if self.name == "none":
            return None
        return f"elasticnet:{format_number(self.l1)}" if self.name == "elasticnet" else self.name


def none(alpha: float = 0.0) -> Penalty:
    """No penalty  R(w) = 0."""
    return Penalty("none", 0.0, 0.0, 0.0)


def l2(alpha: float) -> Penalty:
    """Ridge  R(w) = ½‖w‖².  Shrinks all weights; useful for correlated columns."""
    return Penalty("l2", _checked(alpha), 0.0, 1.0)


def l1(alpha: float) -> Penalty:
    """Lasso  R(w) = ‖w‖₁.  Sets weights to exactly 0.  Tibshirani 1996."""
    return Penalty("l1", _checked(alpha), 1.0, 0.0)


def elasticnet(alpha: float, ratio: float = 0.5) -> Penalty:
    """Elastic net  R(w) = ratio·‖w‖₁ + (1 − ratio)·½‖w‖².  Zou & Hastie 2005."""
    if not (is_number(ratio) and 0 <= ratio <= 1):
        raise DownslopeError("model.elasticnet_ratio", ratio=ratio)
    return Penalty("elasticnet", _checked(alpha), ratio, 1 - ratio)


PENALTY_ON = ("raw", "standardised")  # the columns whose weights are penalised: as they are, or over σ
PENALTIES = Table(
    "penalty",
    {"none": none, "l2": l2, "l1": l1, "elasticnet": elasticnet},
    Penalty,
    1.0,
    check=lambda penalty: _plain(penalty),
)


def by_name(spec: str | Penalty | None, alpha: float = 0.0) -> Penalty:
    """The penalty named by a string ("l2", "elasticnet:0.3"; None is none), with strength α.

    >>> by_name("elasticnet:0.3", 0.1).l1
    0.3
    """
    if isinstance(spec, Penalty):
        return _plain(spec)
    alpha = _checked(alpha)
    asked = "none" if spec is None or (isinstance(spec, str) and not spec) else str(spec)
    name, _, parameter = asked.partition(":")
    if name not in PENALTIES:
        raise DownslopeError("model.unknown_penalty", asked=spec, known=nearest(name, PENALTIES))
    if name == "none":
        if alpha:
            raise DownslopeError("model.alpha_without_penalty", alpha=alpha)
        return none()
    if not parameter:
        return _plain(PENALTIES[name](alpha))
    if name != "elasticnet":
        raise DownslopeError("model.no_parameter", asked=spec, name=name)
    try:
        ratio = float(parameter)
    except ValueError:
        raise DownslopeError("model.not_a_number", asked=spec, found=parameter) from None
    return elasticnet(alpha, ratio)


def _plain(penalty: Penalty) -> Penalty:
    """The penalty; refused with a value or prox of its own, which would be taken for l1·|w| + l2·½w²."""
    if type(penalty) is not Penalty:
        raise DownslopeError("model.own_penalty", name=type(penalty).__name__, known=", ".join(PENALTIES))
    return penalty


def on_standardised(penalty_on: str, scale: bool) -> bool:
    """Whether a penalty applies to the weights of standardised columns; refused if columns are not scaled."""
    if not isinstance(penalty_on, str) or penalty_on not in PENALTY_ON:
        raise DownslopeError("model.penalty_on", asked=penalty_on, known=nearest(str(penalty_on), PENALTY_ON))
    if penalty_on == "standardised" and not scale:
        raise DownslopeError("model.penalty_on_unscaled")
    return penalty_on == "standardised"


def _checked(alpha: float) -> float:
    if not (is_number(alpha) and alpha >= 0):
        raise DownslopeError("model.alpha", alpha=alpha)
    return float(alpha)
