"""Derivatives from values:  ∂f/∂xᵢ ≈ (f(x + t·eᵢ) − f(x − t·eᵢ)) / 2t,  as a makeshift or as a check."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

STEP = float(np.cbrt(np.finfo(float).eps))  # balances the t² of a central difference and rounding, ε/t
CHECKED = 10  # axes along which a derivative that was given is held against differences


@dataclass(frozen=True, eq=False)
class Differences:
    """f alone:  2p calls of it for a gradient, about 10 digits of 16 right."""

    value: Callable[[np.ndarray], float]

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        return self.value(x), central_differences(self.value, x)

    def values(self, X: np.ndarray) -> np.ndarray:
        return np.array([self.value(row) for row in X])


@dataclass(frozen=True, eq=False)
class Given:
    """f with the ∇f that the user wrote;  ∇²f ≈ central differences of ∇f, made symmetric."""

    value: Callable[[np.ndarray], float]
    slopes: Callable[[np.ndarray], np.ndarray]

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        return self.value(x), self.slopes(x)

    def hessian(self, x: np.ndarray) -> np.ndarray:
        return hessian_of(self.slopes, x)

    def rough_hessian(self, x: np.ndarray) -> np.ndarray:
        """∇²f to about 8 digits of 16, for p + 1 calls of ∇f in place of 2p: enough to choose a step by."""
        largest = float(np.abs(x).max())
        reach = np.maximum(np.abs(x), 1e-3 * min(1.0, largest or 1.0))
        here, ahead = self.slopes(x), x + float(np.sqrt(np.finfo(float).eps)) * reach
        with np.errstate(all="ignore"):
            rows = [
                (self.slopes(np.where(unit, ahead, x)) - here) / (ahead[i] - x[i])
                for i, unit in enumerate(np.eye(x.size, dtype=bool))
            ]
        H = np.array(rows)
        return (H + H.T) / 2

    def values(self, X: np.ndarray) -> np.ndarray:
        return np.array([self.value(row) for row in X])


def central_differences(g: Callable, x: np.ndarray, scale=None) -> np.ndarray:
    """∂g/∂xᵢ in row i: (p,) for a number g, (p, k) for a vector. `scale` (p,): how large xᵢ usually is."""
    steps = STEP * (np.maximum(1.0, np.abs(x)) if scale is None else scale)
    rows = []
    for i in range(x.size):
        ahead, behind = x.copy(), x.copy()
        ahead[i] += steps[i]
        behind[i] -= steps[i]
        with np.errstate(all="ignore"):
            rows.append((g(ahead) - g(behind)) / (ahead[i] - behind[i]))  # the step as it was rounded
    return np.array(rows)


def hessian_of(slopes: Callable, x: np.ndarray) -> np.ndarray:
    """∇²f (p, p) from 2p calls of ∇f."""
    H = central_differences(slopes, x)
    return (H + H.T) / 2


def nearby(x: np.ndarray) -> np.ndarray:
    """A point close to x that no formula was made for: kinks and symmetries do not sit there."""
    return x + 1e-2 * np.maximum(1.0, abs(x)) * np.random.default_rng(0).uniform(0.5, 1.0, x.size)


def is_slope(f: Callable, x: np.ndarray, gradient: np.ndarray, each: bool = True) -> bool:
    """∂f/∂d = gᵀd to a thousandth, along each axis (ten of them, where there are more) or, without `each`,
    along one direction to which every axis adds; true where f does not tell.

    Where a first difference disagrees, smaller and larger steps are asked; g is wrong only if two of these
    agree with each other, where f keeps its digits, and contradict it.
    """
    reach = np.maximum(np.abs(x), 1e-3 * max(1.0, float(np.abs(x).max(initial=0.0))))
    ways = [reach * np.random.default_rng(0).uniform(0.5, 1.0, x.size) * np.where(gradient < 0, -1.0, 1.0)]
    if each:
        axes = np.unique(np.linspace(0, x.size - 1, min(x.size, CHECKED)).astype(int))
        ways = [*(ways if x.size > CHECKED else []), *(np.diag(reach)[axes])]
    return not any(_contradicted(f, x, d, float(gradient @ d)) for d in ways)


def _contradicted(f: Callable, x: np.ndarray, d: np.ndarray, claimed: float) -> bool:
    """Whether differences of f along d, of steps small and large, agree with one another against the claimed
    slope."""
    if not np.isfinite(claimed):
        return False
    least = 5e-4 * abs(claimed)
    slope, doubt = _slope_along(f, x, d, STEP, claimed)
    if np.isnan(slope) or abs(slope - claimed) <= least + min(doubt, least / 2):
        return False
    if doubt > least:  # rounding hides it, and a longer step may not
        slope, doubt = _slope_along(f, x, d, 64 * STEP, claimed)
        if abs(slope - claimed) <= least + doubt:
            return False
    found = [_slope_along(f, x, d, STEP * 4.0**k, claimed) for k in (3, 2, 1, 0, -1, -2, -3)]
    # Without the error in t², which is 16 times as large for the longer step of two
    sharp = [(b + (b - a) / 15, more) for (a, _), (b, more) in itertools.pairwise(found)]
    for (one, less), (two, more) in itertools.pairwise(sharp):
        apart = max(less, more, 1e-4 * max(abs(one), abs(two)))
        if abs(one - two) <= apart and abs(two - claimed) > max(3 * apart, least):
            return True
    return False


def _slope_along(f: Callable, x: np.ndarray, d: np.ndarray, t: float, claimed: float) -> tuple[float, float]:
    """(f(x + t·d) − f(x − t·d)) / 2t, and what rounding leaves of it."""
    with np.errstate(all="ignore"):
        ahead, behind = f(x + t * d), f(x - t * d)
        if max(abs(ahead), abs(behind)) < 1e-290 or (ahead == behind and abs(claimed) * t < 1e-16):
            return np.nan, np.inf  # no digits are left in f
        return (ahead - behind) / (2 * t), 1e-14 * max(abs(ahead), abs(behind)) / t
