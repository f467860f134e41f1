"""Losses for classes and for counts: the calculus of one prediction whose mean is not z itself.

y is coded: for two classes one column of 0 and 1, for K classes a column of 0 and 1 for each. Log loss
of one column is logistic regression; of K columns it is softmax regression, the one loss here whose
columns depend on each other. The hinge losses take each column by itself: one class against the rest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..errors import DownslopeError
from ..kernels.losses import LOG, POISSON, SMOOTHED_HINGE, SQUARED_HINGE
from .loss import SLACK, Loss

CAP = 300.0  # eᶻ is followed by its tangent beyond: sums of its squares stay finite, as float64 ends at e⁷⁰⁹
CAP32 = 88.0  # where float32 ends
SIDE = "side = 2 * Y - 1  # ±1"  # in exported scripts
SHORT = "np.maximum(0, 1 - side * z)"  # by how much the margin is missed
MARGIN = "(2 * Y - 1) * z"
MEAN = "np.exp(np.minimum(z, 300))"  # of counts


@dataclass(frozen=True)
class Log(Loss):
    """Log loss  ℓ(z, y) = log(1 + eᶻ) − y·z,  or  log Σₖ eᶻᵏ − Σₖ yₖzₖ  for K columns.  Probabilities.

    Two classes: logistic regression; more: softmax regression.  Cox 1958; Bridle 1990.
    """

    name: str = "log"

    targets: ClassVar[str] = "classes"
    link: ClassVar[str] = "logit"
    curvature_bound = 0.25
    strictly_convex = likelihood = cross_entropy = True
    attained = False
    kernel = LOG, 0.0, 0.0, 0.0

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
        """Σₖ pₖ·log pₖ,  p = ν + y, where p are probabilities; for one column, of both classes."""
        p = slope + Y
        out = (p < -SLACK) | (p > 1 + SLACK)
        if p.shape[-1] == 1:
            return np.where(out, math.inf, x_log_x(p) + x_log_x(1 - p))
        off = out.any(axis=-1, keepdims=True) | (np.abs(slope.sum(axis=-1, keepdims=True)) > 1e-12)
        return np.where(off, math.inf, x_log_x(p).sum(axis=-1, keepdims=True))

    def mean(self, z):
        """The probability of class 1, or of each of K classes."""
        if z.shape[-1] == 1:
            e = np.exp(-np.abs(z))
            return np.where(z >= 0, 1, e) / (1 + e)
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    def null(self, Y, share) -> np.ndarray:
        """Log odds of the class frequencies; for K columns, centred log frequencies, because a common shift
        has no effect. A class without rows so far counts as half a row."""
        all_rows = len(Y) if share is None else share.sum()
        counts = Y.sum(axis=0) if share is None else share @ Y
        counts = counts if len(counts) > 1 else np.append(all_rows - counts, counts)  # to the last digit
        p = np.maximum(counts, 0.0) / all_rows
        z = np.log(np.where(p > 0, p, 0.5 / len(Y)))
        return z[1:] - z[:1] if Y.shape[1] == 1 else z - z.mean()

    def formula(self, outputs=1):
        return "log(1 + exp(z)) − y·z" if outputs == 1 else "log Σₖ exp(zₖ) − Σₖ yₖ·zₖ"

    def slope_formula(self, outputs=1):
        return "σ(z) − y" if outputs == 1 else "softmax(z) − y"

    def numpy_lines(self, outputs, rounded=True):
        if outputs == 1:
            return ["np.logaddexp(0, z) - Y * z"], ["chances(z) - Y"], ["p = chances(z)", "p * (1 - p)"]
        return (
            [
                "top = z.max(axis=1, keepdims=True)",
                "all = np.exp(z - top).sum(axis=1, keepdims=True)",
                "top + np.log(all) - (Y * z).sum(axis=1, keepdims=True)",
            ],
            ["chances(z) - Y"],
            ["p = chances(z)", "p[:, :, None] * (np.eye(p.shape[1]) - p[:, None, :])  # (n, K, K)"],
        )

    def torch_line(self, outputs):
        if outputs == 1:
            return "nn.binary_cross_entropy_with_logits(z, Y, reduction='none')"
        return "-Y * torch.log_softmax(z, dim=1)"


@dataclass(frozen=True)
class SquaredHinge(Loss):
    """Squared hinge  ℓ(z, y) = max(0, 1 − m)²,  m = ±z.  Margin only.  Lee & Mangasarian 2001."""

    name: str = "squared_hinge"

    targets: ClassVar[str] = "classes"
    curvature_bound = 2.0
    kernel = SQUARED_HINGE, 0.0, 0.0, 0.0

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
        """2p − 1, where the slopes of both classes cancel."""
        return 2 * np.average(Y, axis=0, weights=share) - 1

    def formula(self, outputs=1):
        return "max(0, 1 ∓ z)²"

    def numpy_lines(self, outputs, rounded=True):
        return (
            [SIDE, f"{SHORT} ** 2"],
            [SIDE, f"-2 * {SHORT} * side"],
            [SIDE, "np.where(side * z < 1, 2.0, 0.0)"],
        )

    def torch_line(self, outputs):
        return f"torch.relu(1 - {MARGIN}) ** 2"


@dataclass(frozen=True)
class SmoothedHinge(Loss):
    """Smoothed hinge  ℓ(z, y) = ½ − m if m ≤ 0, ½(1 − m)² if m < 1, else 0;  m = ±z.  Robust margin.

    Rennie & Srebro 2005.
    """

    name: str = "smoothed_hinge"

    targets: ClassVar[str] = "classes"
    curvature_bound = 1.0
    slope_bound = 1.0
    kernel = SMOOTHED_HINGE, 0.0, 0.0, 0.0

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
        """Where p·clip(1 − z) = (1 − p)·clip(1 + z): on the side of the more frequent class."""
        p = np.average(Y, axis=0, weights=share)
        rare, common = np.minimum(p, 1 - p), np.maximum(p, 1 - p)
        return np.where(p >= 0.5, 1.0, -1.0) * np.where(common > 0, 1 - rare / common, 0.0)

    def formula(self, outputs=1):
        return "smoothed_hinge(±z)"

    def numpy_lines(self, outputs, rounded=True):
        return (
            [SIDE, f"np.where(side * z <= 0, 0.5 - side * z, 0.5 * {SHORT} ** 2)"],
            [SIDE, "-np.clip(1 - side * z, 0, 1) * side"],
            [SIDE, "np.where((side * z > 0) & (side * z < 1), 1.0, 0.0)"],
        )

    def torch_line(self, outputs):
        return f"torch.where({MARGIN} <= 0, 0.5 - {MARGIN}, 0.5 * torch.relu(1 - {MARGIN}) ** 2)"


@dataclass(frozen=True)
class Poisson(Loss):
    """Poisson loss  ℓ(z, y) = eᶻ − y·z.  Counts, with mean eᶻ.  Nelder & Wedderburn 1972.

    Its curvature is unbounded, so that no fixed learning rate is safe. Beyond z = 300 it continues as its
    tangent, which keeps it finite.
    """

    name: str = "poisson"

    targets: ClassVar[str] = "count"
    link: ClassVar[str] = "log"
    strictly_convex = likelihood = True
    attained = nonnegative = False
    kernel = POISSON, 0.0, 0.0, 0.0

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

    def formula(self, outputs=1):
        return "exp(z) − y·z"

    def slope_formula(self, outputs=1):
        return "exp(z) − y"

    def numpy_lines(self, outputs, rounded=True):
        return [f"{MEAN} - Y * z"], [f"{MEAN} - Y"], [MEAN]

    def torch_line(self, outputs):
        return "torch.exp(z) - Y * z"


def margin(z, Y):
    """How far z lies on the right side: z for class 1, −z for class 0."""
    return (2 * Y - 1) * z


def x_log_x(p):
    """p·log p, which is 0 at 0."""
    return p * np.log(np.where(p > 0, p, 1.0))
