"""One update by one gradient: the equation of each direction.

For whole arrays and for single numbers alike: w the weights, g their gradient, `rate` the learning rate t;
m and v are a direction's memory, `l1` the strength of the L1 penalty. Where there is one (l1 > 0) an update
ends in its prox, in the metric that it moves in: w = prox(w − D·g, D·l1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

STEEPEST, MOMENTUM, NESTEROV, ADAGRAD, RMSPROP, ADAM, ADAMW = range(7)


def shrink(v, threshold):
    """sign(v)·max(|v| − threshold, 0);  v itself at threshold 0."""
    return np.sign(v) * np.maximum(np.abs(v) - threshold, 0.0)


def kink_distance(g, w, threshold):
    """dist(−g, threshold·∂|w|), elementwise."""
    at_zero = np.maximum(np.abs(g) - threshold, 0.0)
    return np.where(np.asarray(w) == 0, at_zero, np.abs(g + threshold * np.sign(w)))


def steepest(w, g, rate, l1):
    """w = w − t·g"""
    return shrink(w - rate * g, rate * l1)


def momentum(w, m, g, rate, a, l1):
    """v = β·v + g ;  w = w − t·v                                           Polyak 1964, as in PyTorch"""
    m = a * m + g
    new = shrink(w - rate * m, rate * l1)
    return new, m + (w - rate * m - new) / rate  # what the prox held back is no velocity


def nesterov(w, m, g, rate, a, l1):
    """v = β·v + g ;  w = w − t·(g + β·v)                     Sutskever et al. 2013, as in PyTorch

    The gradient mapping stands for g:  (w − prox(w − t·g))/t, which is g where there is no kink.
    """
    g = g + (w - rate * g - shrink(w - rate * g, rate * l1)) / rate
    m = a * m + g
    return w - rate * (g + a * m), m


def adagrad(w, m, g, rate, epsilon, l1):
    """s = s + g² ;  w = w − t·g/(√s + ε)                                     Duchi et al. 2011, fig. 1"""
    m = m + g * g
    step = rate / (np.sqrt(m) + epsilon)
    return shrink(w - step * g, step * l1), m


def rmsprop(w, m, g, rate, a, epsilon, l1):
    """s = ρ·s + (1 − ρ)·g² ;  w = w − t·g/(√s + ε)                      Tieleman & Hinton 2012, slide 29"""
    m = a * m + (1 - a) * g * g
    step = rate / (np.sqrt(m) + epsilon)
    return shrink(w - step * g, step * l1), m


def adam(w, m, v, g, rate, a, b, epsilon, fade, kept, l1):
    """m = β₁m + (1 − β₁)g ;  v = β₂v + (1 − β₂)g² ;  m̂ = m/(1 − β₁ᵗ) ;  v̂ = v/(1 − β₂ᵗ)
    w = w − t·m̂/(√v̂ + ε)                                                  Kingma & Ba 2015, algorithm 1

    `fade` is (1 − β₁ᵗ, 1 − β₂ᵗ); AdamW first takes w = kept·w.      Loshchilov & Hutter 2019, algorithm 2
    """
    m = a * m + (1 - a) * g
    v = b * v + (1 - b) * g * g
    step = rate / (np.sqrt(v / fade[1]) + epsilon)
    return shrink(kept * w - step * (m / fade[0]), step * l1), m, v


class Equation(NamedTuple):
    """One update as it is written in scripts: weights w, gradient g, learning rate t, constants by name.

    vectors: what it remembers, 0 at first.  lines: of NumPy.  optimizer: the same of torch.optim, "" if none.
    A test compares the lines with the kernel's update, bit for bit.
    """

    vectors: tuple[str, ...]
    lines: tuple[str, ...]
    optimizer: str = ""

    def in_numpy(self, constants: Mapping[str, Any], w: str = "w", penalised: str = ""):
        """(lines that begin its memory, lines of one update) for weights called `w`; `penalised` are those
        that decay."""
        names = {**constants, "penalised": penalised or w}
        lines = [re.sub(r"\bw\b", w, line).format(**names) for line in self.lines]
        begun = [f"{name} = np.zeros_like({w})" for name in self.vectors]
        return begun + ["updates = 0"] * any("updates" in line for line in lines), lines

    def in_torch(self, constants: Mapping[str, Any], w: str, t: str) -> str:
        """The call of torch.optim."""
        names = {"w": w, "t": t}
        return re.sub(r"\b[wt]\b", lambda found: names[found[0]], self.optimizer).format(**constants)


_ADAM = (
    "updates = updates + 1",
    "mean = {beta1} * mean + (1 - {beta1}) * g",
    "squares = {beta2} * squares + (1 - {beta2}) * g * g",
    "step = t / (np.sqrt(squares / (1 - {beta2} ** updates)) + {epsilon})",
    "w = w - step * (mean / (1 - {beta1} ** updates))",
)
EQUATIONS = {  # without a kink
    STEEPEST: Equation((), ("w = w - t * g",), "SGD([w], lr=t)"),
    MOMENTUM: Equation(("v",), ("v = {beta} * v + g", "w = w - t * v"), "SGD([w], lr=t, momentum={beta})"),
    NESTEROV: Equation(
        ("v",),
        ("v = {beta} * v + g", "w = w - t * (g + {beta} * v)"),
        "SGD([w], lr=t, momentum={beta}, nesterov=True)",
    ),
    ADAGRAD: Equation(
        ("squares",),
        ("squares = squares + g * g", "w = w - t / (np.sqrt(squares) + {epsilon}) * g"),
        "Adagrad([w], lr=t, eps={epsilon})",
    ),
    RMSPROP: Equation(
        ("squares",),
        ("squares = {rho} * squares + (1 - {rho}) * g * g", "w = w - t / (np.sqrt(squares) + {epsilon}) * g"),
        "RMSprop([w], lr=t, alpha={rho}, eps={epsilon})",
    ),
    ADAM: Equation(("mean", "squares"), _ADAM, "Adam([w], lr=t, betas=({beta1}, {beta2}), eps={epsilon})"),
    ADAMW: Equation(
        ("mean", "squares"),
        ("{penalised} *= 1 - t * {decay}", *_ADAM),
        "AdamW([w], lr=t, betas=({beta1}, {beta2}), eps={epsilon}, weight_decay={decay})",
    ),
}


def move(direction, w, g, rate, m, v, fade, penalised, l1):
    """(w, m, v) after one update. `direction` is (code, a, b, ε, decay); `fade` is (1 − aᵗ, 1 − bᵗ) at the
    t-th update; `penalised` is 0 for an intercept, which does not decay."""
    code, a, b, epsilon, decay = direction
    if code == STEEPEST:
        return steepest(w, g, rate, l1), m, v
    if code == MOMENTUM:
        w, m = momentum(w, m, g, rate, a, l1)
        return w, m, v
    if code == NESTEROV:
        w, m = nesterov(w, m, g, rate, a, l1)
        return w, m, v
    if code == ADAGRAD:
        w, m = adagrad(w, m, g, rate, epsilon, l1)
        return w, m, v
    if code == RMSPROP:
        w, m = rmsprop(w, m, g, rate, a, epsilon, l1)
        return w, m, v
    return adam(w, m, v, g, rate, a, b, epsilon, fade, 1 - rate * decay * penalised, l1)


def advance(direction, w, g, rate, memory, fade, l1):
    """`move` of arrays, in place: a loop for each direction, which a compiler makes vectors of."""
    code, a, b, epsilon, decay = direction
    m, v, penalised = memory[0], memory[1], memory[2]
    if code == STEEPEST:
        for j in range(len(w)):
            w[j] = steepest(w[j], g[j], rate, l1[j])
    elif code == MOMENTUM:
        for j in range(len(w)):
            w[j], m[j] = momentum(w[j], m[j], g[j], rate, a, l1[j])
    elif code == NESTEROV:
        for j in range(len(w)):
            w[j], m[j] = nesterov(w[j], m[j], g[j], rate, a, l1[j])
    elif code == ADAGRAD:
        for j in range(len(w)):
            w[j], m[j] = adagrad(w[j], m[j], g[j], rate, epsilon, l1[j])
    elif code == RMSPROP:
        for j in range(len(w)):
            w[j], m[j] = rmsprop(w[j], m[j], g[j], rate, a, epsilon, l1[j])
    else:
        for j in range(len(w)):
            kept = 1 - rate * decay * penalised[j]
            w[j], m[j], v[j] = adam(w[j], m[j], v[j], g[j], rate, a, b, epsilon, fade, kept, l1[j])
