"""exp and log1p made of +, ·, / alone, so that a loop over rows of them is a loop of vectors.

Both err by less than 1.5 units in the last place; their compiled form may fuse products with sums, but not
reorder them, which would undo the reduction of the range.
"""

from __future__ import annotations

import math

import numpy as np

LOG2E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10  # k·LN2_HIGH is exact for |k| < 2¹¹


def exp(x):
    """eˣ = 2ᵏ·eʳ with |r| ≤ ½ log 2; 0 below −746, infinite above 710, NaN of NaN."""
    x = -746.0 if x < -746.0 else x
    x = 711.0 if x > 711.0 else x
    k = np.rint(x * LOG2E)
    r = x - k * LN2_HIGH
    r = r - k * LN2_LOW
    p = 2.510038549551032e-08  # (eʳ − 1 − r)/r² to 1e-16, by Chebyshev's points
    p = p * r + 2.7620088445409746e-07
    p = p * r + 2.7557268459997064e-06
    p = p * r + 2.4801521295954376e-05
    p = p * r + 0.00019841269863053618
    p = p * r + 0.0013888888917213717
    p = p * r + 0.008333333333330062
    p = p * r + 0.04166666666662413
    p = p * r + 0.16666666666666669
    p = p * r + 0.5
    return times_power(1.0 + (r + r * r * p), k)


def log1p(e):
    """log(1 + e) for e in [0, 1]:  2·artanh(s) = e − s·(e − R),  s = e/(2 + e),  R = 2s²(1/3 + s²/5 + …)."""
    s = e / (2.0 + e)
    u = s * s
    q = 0.08082022805971766  # (artanh(s)/s − 1)/s² to 5e-18, by Chebyshev's points
    q = q * u + 0.04400369243072337
    q = q * u + 0.06000536404795356
    q = q * u + 0.06657072104827468
    q = q * u + 0.07692785034479312
    q = q * u + 0.09090894718066429
    q = q * u + 0.11111111358713932
    q = q * u + 0.1428571428355438
    q = q * u + 0.20000000000007292
    q = q * u + 0.3333333333333333
    return e - s * (e - 2.0 * u * q)


def times_power(p, k):
    """p·2ᵏ for a whole k that is held as a float; compiled, by adding to the exponent (see compiled.py)."""
    return p * math.ldexp(1.0, int(k) // 2) * math.ldexp(1.0, int(k) - int(k) // 2) if k == k else p
