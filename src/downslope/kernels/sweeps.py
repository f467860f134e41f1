"""One pass of a stochastic method."""

from __future__ import annotations

import numpy as np

from .losses import LOG, single_loss, softmax_loss
from .moves import move


def sweep(
    X, Y, share, order, size, center, inverse, intercept, loss, w, memory, direction, rates, count, l1, l2
):
    """Updates on the rows of `order`, `size` at a time: (value, gradient, w) of the last one.

    X (n, d) and Y (n, k) hold the rows; share (n,) their weights over the mean, or empty. w (p,) is laid
    out as in model/linear.py; memory (3, p) changes in place; `rates` holds one learning rate for each
    update; `count` updates were made before.
    """
    a, b = direction[1], direction[2]
    coupled = loss[0] == LOG and Y.shape[1] > 1
    d, k = X.shape[1], Y.shape[1]
    w = w.copy()
    g = np.zeros(w.shape)
    z = np.zeros(k)
    slope = np.zeros(k)
    x = np.zeros(d)
    value = 0.0
    for update in range(len(rates)):
        first = update * size
        last = min(first + size, len(order))
        value = 0.0
        for j in range(len(g)):
            g[j] = 0.0
        for place in range(first, last):
            i = order[place]
            for c in range(k):
                z[c] = 0.0
            for j in range(d):
                x[j] = (X[i, j] - center[j]) * inverse[j]
                for c in range(k):
                    z[c] += x[j] * w[j * k + c]
            if intercept:
                for c in range(k):
                    z[c] += w[d * k + c]
            s = share[i] if len(share) > 0 else 1.0
            if coupled:
                value += s * softmax_loss(z, Y, i, slope)
            else:
                for c in range(k):
                    one, slope[c] = single_loss(loss, z[c], Y[i, c])
                    value += s * one
            for c in range(k):
                pull = s * slope[c]  # a number of its own, so that the compiler sees no alias
                if intercept:
                    g[d * k + c] += pull
                for j in range(d):
                    g[j * k + c] += pull * x[j]
        fade = 1 - a ** (count + update + 1), 1 - b ** (count + update + 1)
        value /= last - first
        for j in range(len(g)):
            value += l1[j] * abs(w[j]) + 0.5 * l2[j] * w[j] * w[j]
            g[j] = g[j] / (last - first) + l2[j] * w[j]
            w[j], memory[0, j], memory[1, j] = move(
                direction, w[j], g[j], rates[update], memory[0, j], memory[1, j], fade, memory[2, j], l1[j]
            )
    return value, g, w
