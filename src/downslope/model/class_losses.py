"""Losses for classes and for counts: the calculus of one prediction whose mean is not z itself.

y is coded: for two classes one column of 0 and 1, for K classes a column of 0 and 1 for each. Log loss
of one column is logistic regression; of K columns it is softmax regression, the one loss here whose
columns depend on each other. The hinge losses take each column by itself: one class against the rest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..errors import DownslopeError
from ..kernels.losses import LOG, POISSON, SMOOTHED_HINGE, SQUARED_HINGE

CAP = 300.0  # eᶻ is followed by its tangent beyond: sums of its squares stay finite, as float64 ends at e⁷⁰⁹
CAP32 = 88.0  # where float32 ends
SLACK = 1e-14  # by which rounding may carry a slope beyond those that a loss has


@dataclass(frozen=True)
class CurvedLoss:
    """What the losses of this module have in common: smooth everywhere, a parabola nowhere."""

    name: str
    code: int

    curvature_bound = math.nan
    quadratic = False
    smooth = True
    curvature_floor = 0.0
    slope_bound = math.inf
    labels = True  # y holds classes

    def value(self, z, Y) -> np.ndarray:
        """ℓ(z, y), (n, k), or (n, 1) where columns are coupled."""
        raise NotImplementedError

    def slope(self, z, Y) -> np.ndarray:
        """∂ℓ/∂z, (n, k)"""
        raise NotImplementedError

    def conjugate(self, slope, Y) -> np.ndarray:
        """ℓ*(ν, y) = sup_z ν·z − ℓ(z, y), shaped as `value`; infinite for slopes that ℓ does not have."""
        raise NotImplementedError

    def allowed(self, slope) -> float:
        """The largest share of these slopes that ℓ is known to have."""
        return 1.0

    def coupled(self, outputs: int) -> bool:
        """Whether the columns of z depend on each other."""
        return False

    def bound_for(self, outputs: int) -> float:
        """The largest curvature of the loss of `outputs` columns together."""
        return self.curvature_bound

    def check(self, Y) -> None:
        """Refuse a y outside the domain."""

    def infimum(self, Y) -> np.ndarray:
        """inf ℓ(·, y), elementwise: of chances and margins, far away on the right side."""
        return np.zeros_like(Y)

    def smoothed(self, width: float):
        """The loss itself: there is no kink to round."""
        return self

    def value_and_slope(self, z, Y):
        """Both, for the price of what they have in common."""
        return self.value(z, Y), self.slope(z, Y)

    @property
    def spec(self) -> str:
        """The text that `by_name` turns into this loss again."""
        return self.name

    @property
    def constants(self) -> tuple[int, float, float, float]:
        """What a kernel is given in place of this object."""
        return self.code, 0.0, 0.0, 0.0

    def spread(self, z, Y) -> np.ndarray:
        """How far z may well lie from the null prediction: one unit, for chances."""
        return np.ones_like(Y)


@dataclass(frozen=True)
class Log(CurvedLoss):
    """Log loss  ℓ(z, y) = log(1 + eᶻ) − y·z,  or  log Σₖ eᶻᵏ − Σₖ yₖzₖ  for K columns.  Chances.

    Two classes: logistic regression; more: softmax regression.  Cox 1958; Bridle 1990.
    """

    name: str = "log"
    code: int = LOG

    curvature_bound = 0.25

    def bound_for(self, outputs: int) -> float:
        return 0.25 if outputs == 1 else 0.5  # Böhning 1992

    def coupled(self, outputs: int) -> bool:
        return outputs > 1

    def value(self, z, Y):
        if z.shape[-1] == 1:
            return np.maximum(z, 0) - Y * z + np.log1p(np.exp(-np.abs(z)))
        top = z.max(axis=-1, keepdims=True)
        return top + np.log(np.exp(z - top).sum(axis=-1, keepdims=True)) - (Y * z).sum(axis=-1, keepdims=True)

    def slope(self, z, Y):
        return self.mean(z) - Y

    def value_and_slope(self, z, Y):
        if z.shape[-1] > 1:
            return self.value(z, Y), self.slope(z, Y)
        e = np.exp(-np.abs(z))
        return np.maximum(z, 0) - Y * z + np.log1p(e), np.where(z >= 0, 1, e) / (1 + e) - Y

    def curvature(self, z, Y):
        """p(1 − p) for one column, (n, 1);  diag(p) − ppᵀ for several, (n, K, K)."""
        p = self.mean(z)
        if z.shape[-1] == 1:
            e = np.exp(-np.abs(z))
            return e / (1 + e) ** 2
        return p[..., :, None] * np.eye(z.shape[-1]) - p[..., :, None] * p[..., None, :]

    def conjugate(self, slope, Y):
        """Σₖ pₖ·log pₖ,  p = ν + y, where p are chances; for one column, of both classes."""
        p = slope + Y
        out = (p < -SLACK) | (p > 1 + SLACK)
        if p.shape[-1] == 1:
            return np.where(out, math.inf, x_log_x(p) + x_log_x(1 - p))
        off = out.any(axis=-1, keepdims=True) | (np.abs(slope.sum(axis=-1, keepdims=True)) > 1e-12)
        return np.where(off, math.inf, x_log_x(p).sum(axis=-1, keepdims=True))

    def mean(self, z):
        """The chance of class 1, or of each of K."""
        if z.shape[-1] == 1:
            e = np.exp(-np.abs(z))
            return np.where(z >= 0, 1, e) / (1 + e)
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    def null(self, Y, share) -> np.ndarray:
        """Log odds of the classes' shares; log shares about their mean for K columns, which may all be
        shifted alike. A class of which there is no row yet counts half a row."""
        all_rows = len(Y) if share is None else share.sum()
        counts = Y.sum(axis=0) if share is None else share @ Y
        counts = counts if len(counts) > 1 else np.append(all_rows - counts, counts)  # to the last digit
        p = np.maximum(counts, 0.0) / all_rows
        z = np.log(np.where(p > 0, p, 0.5 / len(Y)))
        return z[1:] - z[:1] if Y.shape[1] == 1 else z - z.mean()


@dataclass(frozen=True)
class SquaredHinge(CurvedLoss):
    """Squared hinge  ℓ(z, y) = max(0, 1 − m)²,  m = ±z.  A margin; no chances.  Lee & Mangasarian 2001."""

    name: str = "squared_hinge"
    code: int = SQUARED_HINGE
    curvature_bound = 2.0

    def value(self, z, Y):
        return np.maximum(0, 1 - margin(z, Y)) ** 2

    def slope(self, z, Y):
        return -2 * np.maximum(0, 1 - margin(z, Y)) * (2 * Y - 1)

    def curvature(self, z, Y):
        return np.where(margin(z, Y) < 1, 2.0, 0.0)

    def conjugate(self, slope, Y):
        """v + v²/4 for v ≤ 0,  v = ±ν"""
        v = margin(slope, Y)
        return np.where(v > SLACK, math.inf, v + v**2 / 4)

    def mean(self, z):
        return z

    def null(self, Y, share) -> np.ndarray:
        """2p − 1, where the two sides pull alike."""
        return 2 * np.average(Y, axis=0, weights=share) - 1


@dataclass(frozen=True)
class SmoothedHinge(CurvedLoss):
    """Smoothed hinge  ℓ(z, y) = ½ − m if m ≤ 0, ½(1 − m)² if m < 1, else 0;  m = ±z.  Robust margin.

    Rennie & Srebro 2005.
    """

    name: str = "smoothed_hinge"
    code: int = SMOOTHED_HINGE
    curvature_bound = 1.0
    slope_bound = 1.0

    def value(self, z, Y):
        m = margin(z, Y)
        return np.where(m <= 0, 0.5 - m, 0.5 * np.maximum(0, 1 - m) ** 2)

    def slope(self, z, Y):
        return -np.clip(1 - margin(z, Y), 0, 1) * (2 * Y - 1)

    def curvature(self, z, Y):
        m = margin(z, Y)
        return np.where((m > 0) & (m < 1), 1.0, 0.0)

    def conjugate(self, slope, Y):
        """v + v²/2 for −1 ≤ v ≤ 0,  v = ±ν"""
        v = margin(slope, Y)
        return np.where((v > SLACK) | (v < -1 - SLACK), math.inf, v + v**2 / 2)

    def mean(self, z):
        return z

    def null(self, Y, share) -> np.ndarray:
        """Where p·clip(1 − z) = (1 − p)·clip(1 + z): at the commoner class's side."""
        p = np.average(Y, axis=0, weights=share)
        rare, common = np.minimum(p, 1 - p), np.maximum(p, 1 - p)
        return np.where(p >= 0.5, 1.0, -1.0) * np.where(common > 0, 1 - rare / common, 0.0)


@dataclass(frozen=True)
class Poisson(CurvedLoss):
    """Poisson loss  ℓ(z, y) = eᶻ − y·z.  Counts, with mean eᶻ.  Nelder & Wedderburn 1972.

    Its curvature has no bound, so that no fixed learning rate is safe. Beyond z = 300 it is followed by
    its tangent, which keeps it finite.
    """

    name: str = "poisson"
    code: int = POISSON
    labels = False

    def check(self, Y) -> None:
        low = float(np.min(Y))
        if low < 0:
            raise DownslopeError("model.negative_counts", found=low)

    def infimum(self, Y):
        return Y - Y * np.log(np.where(Y > 0, Y, 1.0))  # at z = log y

    def value(self, z, Y):
        over = np.maximum(z - CAP, 0)
        return np.exp(np.minimum(z, CAP)) * (1 + over) - Y * z

    def slope(self, z, Y):
        return self.mean(z) - Y

    def curvature(self, z, Y):
        return np.where(z <= CAP, self.mean(z), 0.0)

    def conjugate(self, slope, Y):
        """p·log p − p,  p = ν + y ≥ 0"""
        p = slope + Y
        return np.where((p < -SLACK * (1 + Y)) | (p > math.exp(CAP)), math.inf, x_log_x(p) - p)

    def mean(self, z):
        return np.exp(np.minimum(z, CAP32 if np.asarray(z).dtype == np.float32 else CAP))

    def null(self, Y, share) -> np.ndarray:
        """log ȳ"""
        return np.log(np.maximum(np.average(Y, axis=0, weights=share), 1e-12))


def margin(z, Y):
    """How far z lies on the right side: z for class 1, −z for class 0."""
    return (2 * Y - 1) * z


def x_log_x(p):
    """p·log p, which is 0 at 0."""
    return p * np.log(np.where(p > 0, p, 1.0))
