"""Line searches: the step length, found by evaluating F along the line. A search returns its last
evaluation, from which the next update starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..arguments import check, number
from ..registry import Table

FRACTION = number(above=0, below=1)


class Search:
    """A line search: finds the step length along a direction."""

    kinks: ClassVar[bool] = False  # whether it has a `prox_step` for a penalty with a kink

    def length(self, line, value: float, slope: float, first: float) -> float:
        """A step length t > 0 that decreases F along `line`, from its value and slope at 0; starts with
        `first`; 0.0 if no step decreases F."""
        raise NotImplementedError


@dataclass(frozen=True)
class Armijo(Search):
    """F(w + t·d) ≤ F(w) + c·t·g·d, halving t until it holds.  Armijo 1966; Nocedal & Wright 2006, 3.4.

    Near the minimum, where rounding hides differences of F, the slope decides instead
    (Hager & Zhang 2005, eq. 4.1).
    """

    c: float = 1e-4
    shrink: float = 0.5
    kinks: ClassVar[bool] = True
    grow: float = 2.0  # how much longer than the last accepted step a gradient step is tried

    def __post_init__(self):
        check(self, c=FRACTION, shrink=FRACTION, grow=number(least=1))

    def length(self, line, value: float, slope: float, first: float) -> float:
        """A step length along `line`, starting with `first`; 0.0 if no step decreases F."""
        t = first
        for _ in range(60):
            ahead, tilt = line.value_and_slope(t)
            if np.isfinite(ahead) and np.isfinite(tilt) and ahead <= value + self.c * t * slope:
                return t
            falls = np.isfinite(tilt) and slope <= tilt <= (2 * self.c - 1) * slope
            if _flat(value, ahead) and falls:
                return t
            t *= self.shrink
        return 0.0

    def prox_step(self, objective, point, first: float):
        """The same for w⁺ = prox(w − t·g): f(w⁺) ≤ f(w) + g·Δ + ‖Δ‖²/2t.  Beck & Teboulle 2009, eq. 2.6."""
        t = first
        smooth = point.value - float(objective.l1 @ np.abs(point.theta))
        for _ in range(60):
            moved = objective.prox(point.theta - t * point.gradient, t)
            change = moved - point.theta
            ahead = objective.value_and_gradient(moved)
            level = ahead.value - float(objective.l1 @ np.abs(moved))
            bound = smooth + point.gradient @ change + (change @ change) / (2 * t)
            if np.isfinite(level) and level <= bound + 1e-15 * abs(smooth):
                return t, ahead
            t *= self.shrink
        return 0.0, point


@dataclass(frozen=True)
class StrongWolfe(Search):
    """Armijo, and |F′(t)| ≤ c₂·|F′(0)|: long enough for L-BFGS to see curvature.
    Nocedal & Wright 2006, algorithms 3.5 and 3.6, with cubic interpolation (eq. 3.59)."""

    c1: float = 1e-4
    c2: float = 0.9

    def __post_init__(self):
        check(self, c1=FRACTION, c2=FRACTION)

    def length(self, line, value: float, slope: float, first: float) -> float:
        """A step length that satisfies both conditions; 0.0 if no step decreases F."""
        low, high = (0.0, value, slope), None
        t = first
        for _ in range(60):
            ahead, tilt = line.value_and_slope(t)
            here = (t, ahead, tilt)
            flat = _flat(value, ahead)
            fits = ahead <= value + self.c1 * t * slope or (flat and tilt <= (2 * self.c1 - 1) * slope)
            if not (np.isfinite(ahead) and np.isfinite(tilt)):
                high = (t, np.inf, 0.0)
            elif fits and abs(tilt) <= -self.c2 * slope:
                return t
            elif not fits or (ahead >= low[1] and not flat):
                high = here
            elif tilt * ((high[0] if high else np.inf) - t) >= 0:
                low, high = here, low
            else:
                low = here
            if high is None:
                t *= 2.0
            else:
                t = _between(low, high)
                if abs(high[0] - low[0]) <= 1e-14 * max(high[0], low[0]):
                    break
        return low[0]


SEARCHES = Table("search", {"armijo": Armijo, "wolfe": StrongWolfe}, Search)


def _flat(value: float, ahead: float) -> bool:
    """Whether two values differ by no more than rounding."""
    return abs(ahead - value) <= 1e-13 * abs(value)


def _between(low, high) -> float:
    """Where the cubic through two points and their slopes is lowest, kept off both ends."""
    (a, fa, da), (b, fb, db) = low, high
    left, right = min(a, b), max(a, b)
    t = 0.5 * (a + b)
    with np.errstate(all="ignore"):
        d1 = da + db - 3 * (fa - fb) / np.float64(a - b)
        d2 = np.copysign(np.sqrt(d1 * d1 - da * db), b - a)
        lowest = b - (b - a) * (db + d2 - d1) / (db - da + 2 * d2)
    if np.isfinite(lowest):  # else there is none, or it overflows: the middle will do
        t = lowest
    margin = 0.1 * (right - left)
    return float(min(max(t, left + margin), right - margin))
