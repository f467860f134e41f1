"""The losses, one prediction at a time, by code; model/losses.py and class_losses.py say them in NumPy."""

from __future__ import annotations

import math

RESIDUAL, LOG, SQUARED_HINGE, SMOOTHED_HINGE, POISSON = range(5)


def residual_loss(z, y, up, down, width):
    """Value and slope of the residual family; see model/losses.py, where it is said in NumPy."""
    e = z - y
    if e > width * up:
        return up * e - width * up * up / 2, up
    if e < -width * down:
        return -down * e - width * down * down / 2, -down
    if width == 0.0:
        return 0.0, 0.0
    return e * e / (2 * width), e / width


def single_loss(loss, z, y):
    """Value and slope of a loss that takes each column by itself; see model/class_losses.py."""
    code, up, down, width = loss
    if code == RESIDUAL:
        return residual_loss(z, y, up, down, width)
    if code == POISSON:
        over = max(z - 300.0, 0.0)
        mean = math.exp(min(z, 300.0))
        return mean * (1 + over) - y * z, mean - y
    if code == LOG:
        return max(z, 0.0) - y * z + math.log1p(math.exp(-abs(z))), log_slope(z, y)
    side = 2 * y - 1
    short = 1 - side * z  # by how much the margin is missed
    if short <= 0:
        return 0.0, 0.0
    if code == SQUARED_HINGE:
        return short * short, -2 * short * side
    if short >= 1:
        return short - 0.5, -side
    return 0.5 * short * short, -short * side


def log_slope(z, y):
    """1/(1 + e⁻ᶻ) − y"""
    e = math.exp(-abs(z))
    return (1.0 if z >= 0 else e) / (1 + e) - y


def single_slope(loss, z, y):
    """The slope alone, without the logarithm of the value."""
    return log_slope(z, y) if loss[0] == LOG else single_loss(loss, z, y)[1]


def softmax_loss(z, Y, i, slope):
    """The value of row i under log loss of several columns, and its slopes, written into `slope` (k,)."""
    top = z[0]
    for c in range(1, len(z)):
        top = max(top, z[c])
    total = 0.0
    for c in range(len(z)):
        slope[c] = math.exp(z[c] - top)
        total += slope[c]
    value = top + math.log(total)
    for c in range(len(z)):
        value -= Y[i, c] * z[c]
        slope[c] = slope[c] / total - Y[i, c]
    return value
