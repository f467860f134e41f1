"""Rows of a pass, brought together in the order that it takes them."""

from __future__ import annotations

import numpy as np

from .ring import PLACES

ONE, TWO, THREE, FOUR = (np.uint64(number) for number in (1, 2, 3, 4))
AHEAD = 16  # rows; what lies at random in memory is asked for so much earlier than it is used


def fetch(X, Y, share, order, center, inverse, rows, targets, weights):
    """rows (b, q) = x̃ of the rows of `order`, and a 1 where q > d; targets (b, k) and weights (b,) of them.

        rows[:, :d] = (X[order] − center)·inverse;  targets = Y[order];  weights = share[order]

    X (n, d) in any layout, float64 or float32; share and weights are empty where all rows count alike, and
    inverse where columns are as they are.
    """
    d, k = X.shape[1], Y.shape[1]
    for r in range(len(order)):
        i = order[r]
        if r + AHEAD < len(order):
            later = order[r + AHEAD]
            prefetch(X, later, later + 1)
            prefetch(Y, later, later + 1)
        x, row = X[i], rows[r]
        if len(inverse) > 0:
            for j in range(d):
                row[j] = (x[j] - center[j]) * inverse[j]
        else:
            for j in range(d):
                row[j] = x[j]
        if rows.shape[1] > d:
            rows[r, d] = 1.0
        for c in range(k):
            targets[r, c] = Y[i, c]
        if len(share) > 0:
            weights[r] = share[i]


def fetch_piece(piece, source, order, space):
    """`fetch` of one piece of a pass into its place of the ring: `source` is (X, Y, share, center, inverse),
    `space` (rows, targets, weights) of every place."""
    X, Y, share, center, inverse = source
    rows, targets, weights = space
    place, size = piece % PLACES, rows.shape[1]
    part = order[piece * size : min((piece + 1) * size, len(order))]
    many = len(part)
    fetch(X, Y, share, part, center, inverse, rows[place][:many], targets[place][:many], weights[place])


def shuffle(order, key, span):
    """Any order of each `span` numbers of `order` is as likely as any other, by number `key`: Fisher & Yates,
    where each swap draws by counter (Steele et al. 2014, SplitMix64), and so waits for none before it."""
    for low in range(0, len(order), span):
        for i in range(min(low + span, len(order)) - 1, low, -1):
            x = key + np.uint64(i) * np.uint64(0x9E3779B97F4A7C15)
            x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            x ^= x >> np.uint64(31)
            # in [low, i]; uneven by span/2⁵³ at most
            j = low + int(float(x >> np.uint64(11)) * 2.0**-53 * (i - low + 1))
            order[i], order[j] = order[j], order[i]


def prefetch(X, first, last):
    """Asks the memory for X[first:last], and does not wait: when compiled, as compiled.py says."""


def sparse_product(places, numbers, first, last, w):
    """Σ numbers·w[places] from `first` up to `last`, both unsigned, which spares a look at the sign of every
    place. Four sums side by side: vectors of what lies at random places are slower."""
    a = b = c = d = 0.0
    whole = first + (last - first) // FOUR * FOUR
    e = first
    while e < whole:
        a += numbers[e] * w[places[e]]
        b += numbers[e + ONE] * w[places[e + ONE]]
        c += numbers[e + TWO] * w[places[e + TWO]]
        d += numbers[e + THREE] * w[places[e + THREE]]
        e += FOUR
    while e < last:
        a += numbers[e] * w[places[e]]
        e += ONE
    return (a + b) + (c + d)


def greatest(numbers):
    """max(numbers), none of which is NaN; NumPy's own takes 20 times as long to compile."""
    top = numbers[0]
    for number in numbers:
        if number > top:
            top = number
    return top


def unsigned(X):
    """(data, columns, starts) of CSR, the latter two as unsigned numbers, on the same memory."""
    columns, starts = (part.view(f"u{part.itemsize}") for part in (X.indices, X.indptr))
    return X.data, columns, starts


def transpose(columns, first, last, out):
    """out[first:last] = columns[:, first:last].T, in squares that stay in the cache."""
    for begin in range(first, last, 64):
        end = min(begin + 64, last)
        for low in range(0, len(columns), 8):
            high = min(low + 8, len(columns))
            for i in range(begin, end):
                for j in range(low, high):
                    out[i, j] = columns[j, i]
