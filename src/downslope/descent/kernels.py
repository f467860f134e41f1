"""Compiled loops: one pass of a stochastic method, and one move of each direction.

Arrays and numbers in, arrays and numbers out. A loss, a direction and its settings come as numbers,
so that everything compiles once and is cached between processes. Undecorated, the same functions run
in plain Python: that is how tiny data is descended, with no wait for a compiler.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

RESIDUAL, LOG, SQUARED_HINGE, SMOOTHED_HINGE, POISSON = range(5)  # as in model/losses.py
STEEPEST, MOMENTUM, NESTEROV, ADAGRAD, RMSPROP, ADAM, ADAMW = range(7)

# Sums may be reordered and fused; NaN and infinity keep their meaning, for divergence is read from them.
FAST = {"reassoc", "contract", "nsz", "arcp"}


def move(direction, w, g, rate, m, v, fade, penalised, l1):
    """(w, m, v) after one update by gradient g at rate t: the equation of each direction.

    For whole arrays and for single numbers alike. `direction` is (code, a, b, ε, decay); m and v are its
    memory; `fade` is (1 − aᵗ, 1 − bᵗ) at the t-th update; `penalised` is 0 for an intercept. Where the
    penalty has a kink (l1 > 0) the update ends in its prox, in the metric that it moves in:
    w = prox(w − D·g, D·l1).
    """
    code, a, b, epsilon, decay = direction
    if code == STEEPEST:
        return shrink(w - rate * g, rate * l1), m, v
    if code == MOMENTUM:
        # v = β·v + g ;  w = w − t·v                                          Polyak 1964, as in PyTorch
        m = a * m + g
        new = shrink(w - rate * m, rate * l1)
        return new, m + (w - rate * m - new) / rate, v  # what the prox held back is no velocity
    if code == NESTEROV:
        # v = β·v + g ;  w = w − t·(g + β·v)                    Sutskever et al. 2013, as in PyTorch
        # The gradient mapping stands for g:  (w − prox(w − t·g))/t, which is g where there is no kink
        g = g + (w - rate * g - shrink(w - rate * g, rate * l1)) / rate
        m = a * m + g
        return w - rate * (g + a * m), m, v
    if code == ADAGRAD:
        # s = s + g² ;  w = w − t·g/(√s + ε)                                    Duchi et al. 2011, fig. 1
        m = m + g * g
        step = rate / (np.sqrt(m) + epsilon)
        return shrink(w - step * g, step * l1), m, v
    if code == RMSPROP:
        # s = ρ·s + (1 − ρ)·g² ;  w = w − t·g/(√s + ε)                     Tieleman & Hinton 2012, slide 29
        m = a * m + (1 - a) * g * g
        step = rate / (np.sqrt(m) + epsilon)
        return shrink(w - step * g, step * l1), m, v
    # m = β₁m + (1 − β₁)g ;  v = β₂v + (1 − β₂)g² ;  m̂ = m/(1 − β₁ᵗ) ;  v̂ = v/(1 − β₂ᵗ)
    # w = w − t·m̂/(√v̂ + ε)                                                Kingma & Ba 2015, algorithm 1
    # AdamW first takes w = w − t·λw                              Loshchilov & Hutter 2019, algorithm 2
    m = a * m + (1 - a) * g
    v = b * v + (1 - b) * g * g
    step = rate / (np.sqrt(v / fade[1]) + epsilon)
    kept = w - rate * decay * penalised * w
    return shrink(kept - step * (m / fade[0]), step * l1), m, v


def shrink(v, threshold):
    """sign(v)·max(|v| − threshold, 0);  v itself at threshold 0."""
    return np.sign(v) * np.maximum(np.abs(v) - threshold, 0.0)


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
        e = math.exp(-abs(z))
        return max(z, 0.0) - y * z + math.log1p(e), (1.0 if z >= 0 else e) / (1 + e) - y
    side = 2 * y - 1
    short = 1 - side * z  # by how much the margin is missed
    if short <= 0:
        return 0.0, 0.0
    if code == SQUARED_HINGE:
        return short * short, -2 * short * side
    if short >= 1:
        return short - 0.5, -side
    return 0.5 * short * short, -short * side


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


@cache
def compiled_sweep():
    """`sweep`, compiled on first use and then read from a cache on disk."""
    import numba
    from numba.extending import register_jitable

    for helper in (shrink, residual_loss, single_loss, softmax_loss, move):
        register_jitable(fastmath=FAST)(helper)
    return numba.njit(cache=True, fastmath=FAST, error_model="numpy")(sweep)
