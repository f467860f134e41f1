"""Sums over rows in one read of X: a loss and its slopes, and the curvature that they leave.

X is read raw, with raw weights W (k, d) and b (k,): standardised columns are never written out. Rows go
through in tiles that stay in the cache between the product that finds z and the one that takes the
slopes back. z and slopes lie column by column, (k, rows), so that the loops over rows are vectors.
"""

from __future__ import annotations

import math

import numpy as np

from .exponentials import exp, log1p
from .gather import prefetch, sparse_product
from .losses import LOG, RESIDUAL, single_loss

TILE = 256  # rows, at most
SPARSE_TILE = 64  # next to which W and the gradient have to fit
CACHED = 2**15  # numbers of X that stay in the cache until they are read again
NEAR = (
    1_000  # numbers that are asked for ahead of their use; no core guesses that four rows go on side by side
)


def dense_sums(X, Y, share, W, b, loss, first, last, z, gradient, pull):
    """Σᵢ sᵢℓ(zᵢ, yᵢ) of some rows, for X in C or Fortran order; z = X·Wᵀ + b, Xᵀ(s·∂ℓ/∂z), Σ s·∂ℓ/∂z.

        z = X[first:last] @ W.T + b; slope = s·loss.slope(z, Y); gradient = slope.T @ X; pull = slope.sum(0)

    Y: (k, n), or of softmax (1, n) the number of the class; share (n,) or empty. z (k, n), gradient
    (k, d) and pull (k,) are written; a gradient of no rows is left out.
    """
    size = max(32, min(TILE, CACHED // X.shape[1]))
    slope, ahead = np.empty((len(W), size)), max(4, NEAR // X.shape[1])
    value = 0.0
    for start in range(first, last, size):
        end = min(start + size, last)
        predict_dense(X, W, b, start, end, z, ahead)
        value += tile_loss(z, Y, share, loss, start, end, slope, pull)
        if len(gradient) > 0:
            back_dense(X, slope, start, end, gradient, size)
    return value


def sparse_sums(data, columns, starts, Y, share, W, b, loss, first, last, z, gradient, pull):
    """The same for CSR, whose columns and starts are unsigned (see `rows.unsigned`)."""
    slope = np.empty((len(W), TILE))
    value = 0.0
    for start in range(first, last, SPARSE_TILE):
        end = min(start + SPARSE_TILE, last)
        for i in range(start, end):
            for c in range(len(W)):
                z[c, i] = b[c] + sparse_product(columns, data, starts[i], starts[i + 1], W[c])
        value += tile_loss(z, Y, share, loss, start, end, slope, pull)
        for i in range(start, end):
            for c in range(len(gradient)):
                s, g = slope[c, i - start], gradient[c]
                for place in range(starts[i], starts[i + 1]):
                    g[columns[place]] += s * data[place]
    return value


def line_sums(z, ahead, t, Y, share, loss, first, last):
    """Σᵢ sᵢℓ(zᵢ + t·dᵢ, yᵢ) of some rows, and its derivative in t, from z and d = `ahead`, (k, n)."""
    k = len(z)
    slope, moved, pull = np.empty((k, TILE)), np.empty((k, TILE)), np.zeros(k)
    value, tilt = 0.0, 0.0
    for start in range(first, last, TILE):
        end = min(start + TILE, last)
        for c in range(k):
            for i in range(start, end):
                moved[c, i - start] = z[c, i] + t * ahead[c, i]
        value += tile_loss(moved, Y[:, start:end], share[start:end], loss, 0, end - start, slope, pull)
        for c in range(k):
            for i in range(start, end):
                tilt += slope[c, i - start] * ahead[c, i]
    return value, tilt


def chances(z, first, last, out):
    """Of each row the chance of each class under log loss: 1/(1 + e⁻ᶻ), or softmax of the columns, (k, n)."""
    level = np.empty(TILE)
    for start in range(first, last, TILE):
        end = min(start + TILE, last)
        if len(z) == 1:
            for i in range(start, end):
                e = exp(-abs(z[0, i]))
                out[0, i] = (1.0 if z[0, i] >= 0 else e) / (1 + e)
        else:
            softmax_tile(z, start, end, out[:, start:end], level)


def chance_products(z, share, first, last, out):
    """out (k + 1, k) += Σ s·pₐ·p_b of some rows, for a ≥ b, and in its last row Σ s·p; p as in `chances`."""
    k = len(z)
    p = np.empty((k, TILE))
    for start in range(first, last, TILE):
        many = min(TILE, last - start)
        chances(z[:, start : start + many], 0, many, p)
        for a in range(k):
            weighted = 0.0
            for b in range(a + 1):
                total = 0.0
                for r in range(many):
                    s = share[start + r] if len(share) > 0 else 1.0
                    total += s * p[a, r] * p[b, r]
                out[a, b] += total
            for r in range(many):
                weighted += p[a, r] * (share[start + r] if len(share) > 0 else 1.0)
            out[k, a] += weighted


def dense_grams(X, center, inverse, intercept, weights, first, last, out):
    """Σᵢ weightsₘᵢ·x̃ᵢx̃ᵢᵀ of some rows, for each m: the lower half of out (m, q, q), intercept last.

        x̃ = (X − center)·inverse, and a column of ones; out[m] += (weights[m]·x̃ᵀ) @ x̃

    q is filled up to a multiple of 8 with columns of zeros, so that no vector is cut.
    """
    d, q = X.shape[1], out.shape[2]
    tile = np.zeros((8, q))
    scaled = np.zeros((8, q))
    for start in range(first, last, 8):
        rows = min(8, last - start)
        for r in range(8):
            for j in range(d):
                tile[r, j] = (X[start + r, j] - center[j]) * inverse[j] if r < rows else 0.0
            if intercept:
                tile[r, d] = 1.0 if r < rows else 0.0
        for m in range(len(weights)):
            for r in range(rows):
                weight = weights[m, start + r]
                for j in range(q):
                    scaled[r, j] = weight * tile[r, j]
            gram = out[m]
            for a in range(d + intercept):
                s0, s1, s2, s3 = scaled[0, a], scaled[1, a], scaled[2, a], scaled[3, a]
                s4, s5, s6, s7 = scaled[4, a], scaled[5, a], scaled[6, a], scaled[7, a]
                for j in range((a // 8 + 1) * 8):
                    gram[a, j] += (s0 * tile[0, j] + s1 * tile[1, j] + s2 * tile[2, j] + s3 * tile[3, j]) + (
                        s4 * tile[4, j] + s5 * tile[5, j] + s6 * tile[6, j] + s7 * tile[7, j]
                    )


def dense_columns(X, rough, share, first, last, out):
    """out (2, d) += Σ s·(x − rough) and Σ s·(x − rough)² of some rows."""
    for i in range(first, last):
        s = share[i] if len(share) > 0 else 1.0
        for j in range(X.shape[1]):
            away = X[i, j] - rough[j]
            pull = s * away
            out[0, j] += pull
            out[1, j] += pull * away


def sparse_columns(data, columns, starts, share, first, last, out, row):
    """out (2, d) += Σ s·x and Σ s·x² of some rows of CSR. `row` (d,) of zeros where a row may have a column
    more than once, else empty."""
    for i in range(first, last):
        s = share[i] if len(share) > 0 else 1.0
        if len(row) > 0:
            for place in range(starts[i], starts[i + 1]):
                row[columns[place]] += data[place]
            for place in range(starts[i], starts[i + 1]):
                x = row[columns[place]]
                row[columns[place]] = 0.0
                out[0, columns[place]] += s * x
                out[1, columns[place]] += s * x * x
            continue
        for place in range(starts[i], starts[i + 1]):
            pull = s * data[place]
            out[0, columns[place]] += pull
            out[1, columns[place]] += pull * data[place]


def dense_squares(X, center, inverse, first, last, out):
    """out[i] = Σ ((x − center)·inverse)² of some rows."""
    for i in range(first, last):
        total = 0.0
        for j in range(X.shape[1]):
            away = (X[i, j] - center[j]) * inverse[j]
            total += away * away
        out[i] = total


def sparse_squares(data, columns, starts, price, first, last, out, row):
    """out[i] = Σ x²·price of some rows of CSR, price (d,); `row` as above."""
    for i in range(first, last):
        total = 0.0
        if len(row) > 0:
            for place in range(starts[i], starts[i + 1]):
                row[columns[place]] += data[place]
            for place in range(starts[i], starts[i + 1]):
                x = row[columns[place]]
                row[columns[place]] = 0.0
                total += x * x * price[columns[place]]
            out[i] = total
            continue
        for place in range(starts[i], starts[i + 1]):
            total += data[place] * data[place] * price[columns[place]]
        out[i] = total


# ---- of one tile ---------------------------------------------------------------------------------


def predict_dense(X, W, b, start, end, z, ahead):
    """z[:, start:end] = W·Xᵀ + b, four rows at a time, which share what is read of W; `ahead`: how many rows
    before their use the memory is asked for them."""
    d = X.shape[1]
    whole = start + (end - start) // 4 * 4
    for i in range(start, whole, 4):
        if i + ahead + 4 <= len(X):
            prefetch(X, i + ahead, i + ahead + 4)
        for c in range(len(W)):
            z0, z1, z2, z3 = four_products(X, i, W[c])
            z[c, i], z[c, i + 1], z[c, i + 2], z[c, i + 3] = z0 + b[c], z1 + b[c], z2 + b[c], z3 + b[c]
    for i in range(whole, end):
        for c in range(len(W)):
            total = b[c]
            for j in range(d):
                total += X[i, j] * W[c, j]
            z[c, i] = total


def four_products(X, i, w):
    """x·w of row i and the three that follow it."""
    z0 = z1 = z2 = z3 = 0.0
    for j in range(len(w)):
        v = w[j]
        z0 += X[i, j] * v
        z1 += X[i + 1, j] * v
        z2 += X[i + 2, j] * v
        z3 += X[i + 3, j] * v
    return z0, z1, z2, z3


def add_four(X, i, s0, s1, s2, s3, g):
    """g += s·x of row i and the three that follow it."""
    for j in range(len(g)):
        g[j] += s0 * X[i, j] + s1 * X[i + 1, j] + s2 * X[i + 2, j] + s3 * X[i + 3, j]


def back_dense(X, slope, start, end, gradient, ahead):
    """gradient += slope·X, four rows at a time, which share what is written; those `ahead` of them are asked
    for, as the memory has nothing else to do."""
    d = X.shape[1]
    whole = start + (end - start) // 4 * 4
    for i in range(start, whole, 4):
        if i + ahead + 4 <= len(X):
            prefetch(X, i + ahead, i + ahead + 4)
        r = i - start
        for c in range(len(slope)):
            add_four(X, i, slope[c, r], slope[c, r + 1], slope[c, r + 2], slope[c, r + 3], gradient[c])
    for i in range(whole, end):
        for c in range(len(slope)):
            s = slope[c, i - start]
            for j in range(d):
                gradient[c, j] += s * X[i, j]


def tile_loss(z, Y, share, loss, start, end, slope, pull):
    """Σ s·ℓ over a tile; slope (k, rows) of it is written, and added to pull (k,)."""
    k = len(slope)
    value = 0.0
    if loss[0] == LOG and k == 1:
        for i in range(start, end):
            t, y = z[0, i], Y[0, i]
            e = exp(-abs(t))
            s = share[i] if len(share) > 0 else 1.0
            value += s * (max(t, 0.0) - y * t + log1p(e))
            slope[0, i - start] = s * ((1.0 if t >= 0 else e) / (1 + e) - y)
    elif loss[0] == RESIDUAL and loss[3] > 0:
        for c in range(k):
            for i in range(start, end):  # as `residual_loss`, with no branch
                e = z[c, i] - Y[c, i]
                tilt = min(max(e / loss[3], -loss[2]), loss[1])
                s = share[i] if len(share) > 0 else 1.0
                value += s * tilt * (e - 0.5 * loss[3] * tilt)
                slope[c, i - start] = s * tilt
    elif loss[0] == LOG:
        level = np.empty(TILE)
        softmax_tile(z, start, end, slope, level)
        for i in range(start, end):
            s = share[i] if len(share) > 0 else 1.0
            known = int(Y[0, i])
            value += s * (level[i - start] - z[known, i])
            slope[known, i - start] -= 1.0
            for c in range(k):
                slope[c, i - start] *= s
    else:
        for c in range(k):
            for i in range(start, end):
                one, tilt = single_loss(loss, z[c, i], Y[c, i])
                s = share[i] if len(share) > 0 else 1.0
                value += s * one
                slope[c, i - start] = s * tilt
    for c in range(k):
        total = 0.0
        for r in range(end - start):
            total += slope[c, r]
        pull[c] += total
    return value


def softmax_tile(z, start, end, out, level):
    """Of each row of a tile the chances eᶻᶜ/Σeᶻ, into out (k, rows), and log Σeᶻ, into level (rows,)."""
    k = len(z)
    top, total = np.empty(TILE), np.zeros(TILE)
    for i in range(start, end):
        top[i - start] = z[0, i]
    for c in range(1, k):
        for i in range(start, end):
            top[i - start] = max(top[i - start], z[c, i])
    for c in range(k):
        for i in range(start, end):
            e = exp(z[c, i] - top[i - start])
            out[c, i - start] = e
            total[i - start] += e
    for r in range(end - start):
        level[r] = top[r] + math.log(total[r])
        total[r] = 1.0 / total[r]
    for c in range(k):
        for r in range(end - start):
            out[c, r] *= total[r]
