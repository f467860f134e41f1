"""Derivatives from values:  ∂f/∂xᵢ ≈ (f(x + t·eᵢ) − f(x − t·eᵢ)) / 2t,  as a makeshift or as a check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

STEP = float(np.cbrt(np.finfo(float).eps))  # balances the t² of a central difference and rounding, ε/t


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

    def values(self, X: np.ndarray) -> np.ndarray:
        return np.array([self.value(row) for row in X])


def central_differences(g: Callable, x: np.ndarray) -> np.ndarray:
    """∂g/∂xᵢ in row i: (p,) for a number g, (p, k) for a vector."""
    rows = []
    for i in range(x.size):
        ahead, behind = x.copy(), x.copy()
        ahead[i] += STEP * max(1.0, abs(x[i]))
        behind[i] -= STEP * max(1.0, abs(x[i]))
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


def is_slope(f: Callable, x: np.ndarray, gradient: np.ndarray) -> bool:
    """gᵀd ≈ (f(x + t·d) − f(x − t·d)) / 2t  to four digits, for three directions d; true where f is nan."""
    for d in np.random.default_rng(0).standard_normal((3, x.size)):
        t = STEP * max(1.0, float(np.linalg.norm(x))) / float(np.linalg.norm(d))
        ahead, behind = f(x + t * d), f(x - t * d)
        with np.errstate(all="ignore"):
            rounding = 1e-14 * max(abs(ahead), abs(behind)) / t
            slack = 1e-4 * (abs(gradient) @ abs(d)) + rounding + 1e-9
            if abs((ahead - behind) / (2 * t) - gradient @ d) > slack:
                return False
    return True
