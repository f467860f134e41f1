"""One pass of a stochastic method, or a piece of one, over rows that were fetched."""

from __future__ import annotations

import numpy as np

from .gather import greatest
from .losses import LOG, RESIDUAL, single_loss, single_slope, softmax_loss
from .ring import PLACES, READY, USED, look, make_one, put
from .sums import add_four, four_products
from .updates import STEEPEST, advance, steepest


def dense_pass(
    state, source, order, space, size, loss, w, memory, direction, rates, count, l1, l2, plainly
):  # fmt: skip
    """One pass over dense rows, or a stretch of one, with the pieces of a ring: (value, gradient, w) of its
    last update. `source` and `space` as in `rows.fetch_piece`, the rest as in `sweep`. `plainly`: in its
    loops, or None, for those of `single_sweep`."""
    share, (rows, targets, weights) = source[2], space
    span = rows.shape[1]
    value, g = 0.0, np.zeros(len(w))
    pieces = -(-len(order) // span)
    for piece in range(pieces):
        place, first = piece % PLACES, piece * span
        while look(state, READY + place) != piece + 1:  # make those that nobody has begun
            make_one(state, pieces, source, order, space)
        many = min(span, len(order) - first)
        done = first // size
        t = rates[done : done - (-many // size)]
        X, Y, s = rows[place][:many], targets[place][:many], weights[place][: many if len(share) > 0 else 0]
        if plainly is None:  # which the compiler knows, and leaves the other out
            value, g, w = single_sweep(X, Y, s, size, loss, w, memory, direction, t, count + done, l1, l2)
        else:
            value, g, w = sweep(X, Y, s, size, loss, w, memory, direction, t, count + done, l1, l2)
        put(state, USED, piece + 1)
    return value, g, w


def sweep(rows, Y, share, size, loss, w, memory, direction, rates, count, l1, l2):
    """Updates on `rows`, `size` at a time: (value, gradient, w) of the last one.

    rows (n, q) are standardised, a 1 for the intercept included; Y (n, k); share (n,) their weights over
    the mean, or empty. w (p,) is laid out as in model/linear.py; memory (3, p) changes in place; `rates`
    holds one learning rate for each update; `count` updates were made before.
    """
    a, b = direction[1], direction[2]
    coupled = loss[0] == LOG and Y.shape[1] > 1
    q, k = rows.shape[1], Y.shape[1]
    w = w.copy()
    g = np.zeros(w.shape)
    z = np.zeros(k)
    slope = np.zeros(k)
    value = 0.0
    for update in range(len(rates)):
        first = update * size
        last = min(first + size, len(rows))
        value = 0.0
        for j in range(len(g)):
            g[j] = 0.0
        for i in range(first, last):
            for c in range(k):
                z[c] = 0.0
            for j in range(q):
                for c in range(k):
                    z[c] += rows[i, j] * w[j * k + c]
            s = share[i] if len(share) > 0 else 1.0
            if coupled:
                value += s * softmax_loss(z, Y, i, slope)
            else:
                for c in range(k):
                    one, slope[c] = single_loss(loss, z[c], Y[i, c])
                    value += s * one
            for c in range(k):
                pull = s * slope[c]  # a number of its own, so that the compiler sees no alias
                for j in range(q):
                    g[j * k + c] += pull * rows[i, j]
        value /= last - first
        for j in range(len(g)):
            value += l1[j] * abs(w[j]) + 0.5 * l2[j] * w[j] * w[j]
            g[j] = g[j] / (last - first) + l2[j] * w[j]
        fade = 1 - a ** (count + update + 1), 1 - b ** (count + update + 1)
        advance(direction, w, g, rates[update], memory, fade, l1)
    return value, g, w


def single_sweep(rows, Y, share, size, loss, w, memory, direction, rates, count, l1, l2):
    """`sweep` for one column of z, in loops that are vectors; values that nobody sees are not found."""
    a, b = direction[1], direction[2]
    q = rows.shape[1]
    w = w.copy()
    g = np.zeros(q)
    pull = np.empty(min(size, len(rows)))
    value = 0.0
    done = 0
    if size == 1 and direction[0] == STEEPEST:
        done = len(rates) - 1
        row_by_row(rows[:done], Y, share, loss, w, rates, l1, l2)
    for update in range(done, len(rates)):
        first = update * size
        last = min(first + size, len(rows))
        whole = first + (last - first) // 4 * 4
        for i in range(first, whole, 4):
            r = i - first
            pull[r], pull[r + 1], pull[r + 2], pull[r + 3] = four_products(rows, i, w)
        for i in range(whole, last):
            z = 0.0
            for j in range(q):
                z += rows[i, j] * w[j]
            pull[i - first] = z
        if update == len(rates) - 1:
            for i in range(first, last):
                s = share[i] if len(share) > 0 else 1.0
                value += s * single_loss(loss, pull[i - first], Y[i, 0])[0]
            value /= last - first
            for j in range(q):
                value += l1[j] * abs(w[j]) + 0.5 * l2[j] * w[j] * w[j]
        slopes(loss, Y, share, first, last, pull)
        for j in range(q):
            g[j] = 0.0
        for i in range(first, whole, 4):
            r = i - first
            add_four(rows, i, pull[r], pull[r + 1], pull[r + 2], pull[r + 3], g)
        for i in range(whole, last):
            s = pull[i - first]
            for j in range(q):
                g[j] += s * rows[i, j]
        for j in range(q):
            g[j] = g[j] / (last - first) + l2[j] * w[j]
        fade = 1 - a ** (count + update + 1), 1 - b ** (count + update + 1)
        advance(direction, w, g, rates[update], memory, fade, l1)
    return value, g, w


def slopes(loss, Y, share, first, last, pull):
    """From the z of some rows, in `pull`, their slopes by their shares, in its place."""
    if loss[0] == RESIDUAL and loss[3] > 0 and last > first + 1:
        for r in range(last - first):
            pull[r] = min(max((pull[r] - Y[first + r, 0]) / loss[3], -loss[2]), loss[1])
    else:
        for r in range(last - first):
            pull[r] = single_slope(loss, pull[r], Y[first + r, 0])
    if len(share) > 0:
        for r in range(last - first):
            pull[r] *= share[first + r]


def row_by_row(rows, Y, share, loss, w, rates, l1, l2):
    """Steepest descent a row at a time, in place, with no gradient between.

    Where nothing has a kink, two rows share what is read and written of w: after the first, which moves w by
    −s·x, the z of the second is x′·w − s·x′·x. So it need not wait until w is there.
    """
    paired = 0 if greatest(l1) > 0 else len(rows) // 2 * 2
    priced = greatest(l2) > 0
    for i in range(0, paired, 2):
        z = later = both = 0.0
        t, u = rates[i], rates[i + 1]
        if priced:
            for j in range(len(w)):
                z += rows[i, j] * w[j]
                later += rows[i + 1, j] * (w[j] - t * l2[j] * w[j])
                both += rows[i, j] * rows[i + 1, j]
        else:
            for j in range(len(w)):
                z += rows[i, j] * w[j]
                later += rows[i + 1, j] * w[j]
                both += rows[i, j] * rows[i + 1, j]
        s = t * single_slope(loss, z, Y[i, 0])
        if len(share) > 0:
            s *= share[i]
        r = u * single_slope(loss, later - s * both, Y[i + 1, 0])
        if len(share) > 0:
            r *= share[i + 1]
        if priced:
            for j in range(len(w)):
                moved = w[j] - t * l2[j] * w[j] - s * rows[i, j]
                w[j] = moved - u * l2[j] * moved - r * rows[i + 1, j]
        else:
            for j in range(len(w)):
                w[j] -= s * rows[i, j] + r * rows[i + 1, j]
    for i in range(paired, len(rows)):
        z = 0.0
        for j in range(len(w)):
            z += rows[i, j] * w[j]
        pull = single_slope(loss, z, Y[i, 0])
        if len(share) > 0:
            pull *= share[i]
        for j in range(len(w)):
            w[j] = steepest(w[j], pull * rows[i, j] + l2[j] * w[j], rates[i], l1[j])
