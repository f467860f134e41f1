"""Compiled loops: one pass of a stochastic method, and one move of each direction.

Arrays and numbers in, arrays and numbers out. A loss, a direction and its settings come as numbers,
so that everything compiles once and is cached between processes. Undecorated, the same functions run
in plain Python: that is how tiny data is descended, with no wait for a compiler.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

STEEPEST, MOMENTUM, NESTEROV, FISTA, ADAGRAD, RMSPROP, ADAM, ADAMW = range(8)

# Sums may be reordered and fused; NaN and infinity keep their meaning, for divergence is read from them.
FAST = {"reassoc", "contract", "nsz", "arcp"}


def move(code, a, b, epsilon, decay, w, g, rate, memory, count, l1, kinked):
    """w after one update by gradient g at rate t; `memory` (3, p) is changed in place.

    `count` updates were made before. With a kinked penalty each direction ends in its prox,
    in the metric that it moves in:  w = prox(w − D·g, D·l1).
    """
    step = np.full(w.shape, rate)  # D, the step of each weight
    if code == STEEPEST:
        new = w - rate * g
    elif code == MOMENTUM:
        # v = β·v + g ;  w = w − t·v                                          Polyak 1964, as in PyTorch
        v = a * memory[0] + g
        new = w - rate * v
        if kinked:  # what the prox held back is no velocity
            new = shrink(new, step * l1)
            v = (w - new) / rate
        memory[0] = v
        return new
    elif code == NESTEROV:
        # v = β·v + g ;  w = w − t·(g + β·v)                    Sutskever et al. 2013, as in PyTorch
        if kinked:  # the gradient mapping stands for the gradient:  G = (w − prox(w − t·g))/t
            g = (w - shrink(w - rate * g, step * l1)) / rate
        v = a * memory[0] + g
        memory[0] = v
        return w - rate * (g + a * v)
    elif code == FISTA:
        # x⁺ = prox(y − t·g) ;  θ⁺ = (1 + √(1 + 4θ²))/2 ;  y = x⁺ + (θ − 1)/θ⁺·(x⁺ − x)
        # Beck & Teboulle 2009, restarted when the step turns uphill: O'Donoghue & Candès 2015, eq. 13
        x = memory[0] if count > 0 else w
        theta = max(memory[1][0], 1.0)
        ahead = shrink(w - rate * g, step * l1) if kinked else w - rate * g
        if np.sum((w - ahead) * (ahead - x)) > 0:
            theta = 1.0
            memory[1][0] = 1.0
            memory[0] = ahead
            return ahead
        following = (1 + math.sqrt(1 + 4 * theta * theta)) / 2
        new = ahead + (theta - 1) / following * (ahead - x)
        memory[0] = ahead
        memory[1][0] = following
        return new
    elif code == ADAGRAD:
        # s = s + g² ;  w = w − t·g/(√s + ε)                                    Duchi et al. 2011, fig. 1
        s = memory[0] + g * g
        step = rate / (np.sqrt(s) + epsilon)
        new = w - rate * g / (np.sqrt(s) + epsilon)
        memory[0] = s
    elif code == RMSPROP:
        # s = ρ·s + (1 − ρ)·g² ;  w = w − t·g/(√s + ε)                     Tieleman & Hinton 2012, slide 29
        s = a * memory[0] + (1 - a) * g * g
        step = rate / (np.sqrt(s) + epsilon)
        new = w - rate * g / (np.sqrt(s) + epsilon)
        memory[0] = s
    else:
        # m = β₁m + (1 − β₁)g ;  v = β₂v + (1 − β₂)g² ;  m̂ = m/(1 − β₁ᵗ) ;  v̂ = v/(1 − β₂ᵗ)
        # w = w − t·m̂/(√v̂ + ε)                                            Kingma & Ba 2015, algorithm 1
        # AdamW first takes w = w − t·λw                              Loshchilov & Hutter 2019, algorithm 2
        m = a * memory[0] + (1 - a) * g
        v = b * memory[1] + (1 - b) * g * g
        scale = np.sqrt(v / (1 - b ** (count + 1))) + epsilon
        step = rate / scale
        kept = w - rate * decay * w * memory[2] if code == ADAMW else w
        new = kept - rate * (m / (1 - a ** (count + 1))) / scale
        memory[0] = m
        memory[1] = v
    return shrink(new, step * l1) if kinked else new


def shrink(v, threshold):
    """sign(v)·max(|v| − threshold, 0)"""
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


def sweep(
    X, Y, share, order, size, center, inverse, intercept, loss, w, memory, direction, rates, count, l1, l2
):
    """Updates on the rows of `order`, `size` at a time; the value, the gradient and w after the last.

    X (m, d) and Y (m, k) hold the rows in `order`; share (m,) their weights over the mean, or empty.
    w (p,) is laid out as in model/linear.py; `rates` holds one learning rate for each update.
    """
    _, up, down, width = loss
    code, a, b, epsilon, decay = direction
    d, k = X.shape[1], Y.shape[1]
    kinked, ridged = l1.any(), l2.any()
    value, g = 0.0, np.zeros(w.shape)
    z = np.zeros(k)
    x = np.zeros(d)
    for update in range(len(rates)):
        first = update * size
        last = min(first + size, len(order))
        g = np.zeros(w.shape)
        value = 0.0
        for place in range(first, last):
            i = order[place]
            for c in range(k):
                z[c] = 0.0
            for j in range(d):
                x[j] = (X[i, j] - center[j]) * inverse[j]
                for c in range(k):
                    z[c] += x[j] * w[j * k + c]
            for c in range(k):
                if intercept:
                    z[c] += w[d * k + c]
                loss_here, slope = residual_loss(z[c], Y[i, c], up, down, width)
                if len(share) > 0:
                    loss_here *= share[i]
                    slope *= share[i]
                value += loss_here
                if intercept:
                    g[d * k + c] += slope
                for j in range(d):
                    g[j * k + c] += slope * x[j]
        g = g / (last - first)
        value = value / (last - first)
        if kinked or ridged:
            value += 0.5 * np.sum(l2 * w * w) + np.sum(l1 * np.abs(w))
            g = g + l2 * w
        if code == STEEPEST and not kinked:
            w = w - rates[update] * g
        else:
            w = move(code, a, b, epsilon, decay, w, g, rates[update], memory, count + update, l1, kinked)
    return value, g, w


@cache
def compiled_sweep():
    """`sweep`, compiled on first use and then read from a cache on disk."""
    import numba
    from numba.extending import register_jitable

    for helper in (shrink, residual_loss, move):
        register_jitable(fastmath=FAST)(helper)
    return numba.njit(cache=True, fastmath=FAST, error_model="numpy")(sweep)
