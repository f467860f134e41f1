"""Rows of a pass, brought together in the order that it takes them."""

from __future__ import annotations

AHEAD = 16  # rows; what lies at random in memory is asked for so much earlier than it is used


def fetch(X, Y, share, order, center, inverse, rows, targets, weights):
    """rows (b, q) = x̃ of the rows of `order`, and a 1 where q > d; targets (b, k) and weights (b,) of them.

        rows[:, :d] = (X[order] − center)·inverse;  targets = Y[order];  weights = share[order]

    X (n, d) in any layout, float64 or float32; share and weights are empty where all rows count alike.
    """
    d, k = X.shape[1], Y.shape[1]
    for r in range(len(order)):
        i = order[r]
        if r + AHEAD < len(order):
            later = order[r + AHEAD]
            prefetch(X, later, later + 1)
            prefetch(Y, later, later + 1)
        for j in range(d):
            rows[r, j] = (X[i, j] - center[j]) * inverse[j]
        if rows.shape[1] > d:
            rows[r, d] = 1.0
        for c in range(k):
            targets[r, c] = Y[i, c]
        if len(share) > 0:
            weights[r] = share[i]


def prefetch(X, first, last):
    """Asks the memory for X[first:last], and does not wait: when compiled, as compiled.py says."""
