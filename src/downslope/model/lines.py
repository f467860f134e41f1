"""A linear model along a line and on a plane of weights: z is linear in θ, so X is hardly looked at."""

from __future__ import annotations

import math

import numpy as np

from . import summing


def line(term, theta, z, direction):
    """Along θ + t·d: t → (f, slope), and t → all that `term.at` gives.

    The first step tried is mostly the one taken, so it is found in whole; from there on two vectors of
    length n do.
    """
    found: dict[float, tuple] = {}  # what `at` gave last
    ahead: list[np.ndarray] = []  # z of d

    def at(t):
        if t not in found:
            found.clear()
            found[t] = term.value_and_gradient(theta + t * direction)
        return found[t]

    def value_and_slope(t):
        if not found:
            value, gradient, _ = at(t)
            return value, float(gradient @ direction)
        if not ahead:
            ((tried, (value, _, (_, moved))),) = found.items()
            exact = term.compiled and math.isfinite(value)
            ahead.append((moved - z) / tried if exact else term.predictor(direction))
        return _value_and_slope(term, z, ahead[0], t)

    return value_and_slope, at


def _value_and_slope(term, z, ahead, t):
    """f at z + t·ahead, and its derivative in t."""
    if term.compiled:
        value, slope = summing.along(term, z, ahead, t)
        return value / term.rows, slope / term.rows
    moved, share = z + t * ahead, term.relative_weights()
    value, slope = term.loss.value(moved, term.Y), term.loss.slope(moved, term.Y) * ahead
    if share is not None:
        value, slope = share * value, share * slope
    return term.sum_of(value) / term.rows, term.sum_of(slope) / term.rows


def plane(term, theta, across, up):
    """(a, b) → f(θ + a·across + b·up), for points (m, 2), from three looks at X."""
    at, along, upward = (term.predictor(d) for d in (theta, across, up))
    share = term.relative_weights()

    def values(points) -> np.ndarray:
        out = np.empty(len(points))
        for place, (a, b) in enumerate(points):
            value = term.loss.value(at + a * along + b * upward, term.Y)
            out[place] = term.sum_of(value if share is None else share * value) / term.rows
        return out

    return values
