"""One update by one gradient: the equation of each direction."""

from __future__ import annotations

import numpy as np

STEEPEST, MOMENTUM, NESTEROV, ADAGRAD, RMSPROP, ADAM, ADAMW = range(7)


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
