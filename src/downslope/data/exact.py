"""Sums that do not depend on the order of what is added, nor on how it was cut into parts: exact ones.

A double is a whole number of units of 2⁻¹⁰⁷⁴. Numbers are split against a large power of two into leading
digits, whose sum float64 holds exactly, and rests, until nothing is left (Rump, Ogita, Oishi 2008, AccSum).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

UNIT = 1074  # the smallest double is 2^-1074
LARGEST = 2.0**950  # beyond it, numbers are added one by one


def layers(values: np.ndarray) -> Iterator[np.ndarray]:
    """Arrays that add up to `values`, below 2⁹⁵⁰; float64 adds the numbers of each without an error."""
    bits = max(1, len(values).bit_length())
    rest = values
    while largest := float(np.abs(rest).max(initial=0.0)):
        split = np.ldexp(1.0, int(np.frexp(largest)[1]) + bits)
        leading = (rest + split) - split
        yield leading
        rest = rest - leading


def units(value: float) -> int:
    """A double in units of 2⁻¹⁰⁷⁴."""
    top, bottom = value.as_integer_ratio()
    return top * (2**UNIT // bottom)


def exact_sum(values: np.ndarray) -> int:
    """Σ values, in units of 2⁻¹⁰⁷⁴; values are finite.

    >>> exact_sum(np.array([1e16, 1.0, -1e16])) == units(1.0)
    True
    """
    if len(values) and values[0] == values[-1] == 1.0 and (values == 1.0).all():
        return len(values) << UNIT
    if np.abs(values).max(initial=0.0) > LARGEST:
        return sum(map(units, values.tolist()))
    return sum(units(float(layer.sum())) for layer in layers(values))


def exact_sums(values: np.ndarray, places: np.ndarray, count: int) -> list[int]:
    """Σ of the values at each of so many places, in units of 2⁻¹⁰⁷⁴."""
    found = [0] * count
    for layer in layers(values):
        for place, total in enumerate(np.bincount(places, layer, count).tolist()):
            found[place] += units(total)
    return found
