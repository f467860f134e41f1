"""λ of a PyTorch step, measured on the step's own graph, and the largest learning rate that it allows.

`measure(loss, optimizer)` is called between the script's forward pass and its `backward`: Lanczos on products
with the Hessian, each a derivative of the gradient along a vector (Pearlmutter 1994). Nothing of the script
changes: `.grad` is not written, the graph stays whole, no generator is drawn from.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..model.hessian import HessianProduct, NotMeasured, backwards, operation_of, refuse, step_rule
from ..model.lanczos import largest_eigenvalue

FIRST = 0.4  # of the seconds allowed, for the first measurement: others are to follow


@dataclass
class Budget:
    """Seconds that measuring may take: `share` of the loop's seconds so far, or `seconds` where that is more.

    >>> budget = Budget()
    >>> budget.due(1, 0.0), budget.due(3, 0.0), budget.due(4, 0.0)
    (True, False, True)
    """

    seconds: float = 1.0
    share: float = 0.05
    spent: float = 0.0
    last: float = 0.0  # seconds of the last measurement

    def due(self, step: int, elapsed: float, length: int | None = None) -> bool:
        """Whether to measure at this update, counted from 1: 1, 2, 4, 8 … and the last one."""
        if step == length:
            return self.last <= self.left(elapsed)
        reserve = self.last if length else 0.0  # for the last update
        return step & (step - 1) == 0 and self.last + reserve <= self.left(elapsed)

    def left(self, elapsed: float) -> float:
        """Seconds that are still allowed, `elapsed` seconds after the loop began."""
        return max(self.seconds, self.share * elapsed) - self.spent

    def allowed(self, elapsed: float) -> float:
        """Seconds for the measurement that begins now."""
        left = self.left(elapsed)
        return left if self.spent else FIRST * left

    def charge(self, seconds: float) -> None:
        self.last = seconds
        self.spent += seconds


@dataclass(frozen=True)
class Measured:
    """What one measurement found. `value` ± `error`: λ of D(H + decay·I)D; the largest is `value` or more."""

    value: float
    error: float
    bound: float
    rate: float
    preconditioned: bool
    noise_scale: float | None
    gradient_norm: float
    seconds: float
    vector: np.ndarray = field(repr=False)  # where the next measurement may start


def measure(
    loss: Any,
    optimizer: Any,
    scores: Any = None,
    start: np.ndarray | None = None,
    seconds: float = math.inf,
    source: str = "",
) -> Measured:
    """λ of the next step of `optimizer` on `loss`, a tensor of one number before its backward pass.

    scores: the model's output (rows, …), or its edge (node, number), for the gradient noise scale.  start: a
    vector to begin with.  seconds: products stop after so long, and λ is then a lower bound.  source: the
    script, which may say that it registers hooks.  Raises NotMeasured, and nothing else.
    """
    began = time.perf_counter()
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    parameters = [p for p in parameters if p.requires_grad]
    try:
        refuse(loss, parameters, source)
        product = HessianProduct(loss, parameters)
        rule = step_rule(optimizer, parameters, product.gradients)
        times = product.preconditioned(rule)
        if start is None or start.size != product.size:
            start = product.random()
        until = began + seconds
        value, margin, vector = largest_eigenvalue(times, start, go_on=lambda: time.perf_counter() < until)
        if not math.isfinite(value):
            raise NotMeasured("Hessian", "not_finite")
        noise = noise_scale(loss, scores, product) if time.perf_counter() < until else None
    except NotMeasured:
        raise
    except Exception as error:  # whatever a derivative of a derivative may raise: it is not the script's
        raise NotMeasured(*operation_of(error)) from None
    rate = float(optimizer.param_groups[0]["lr"])
    took = time.perf_counter() - began
    norm = product.gradient_norm
    return Measured(value, margin, rule.bound(value), rate, rule.preconditioned, noise, norm, took, vector)


# ── noise ───────────────────────────────────────────────────────────────────────────────────────────
def noise_scale(loss: Any, scores: Any, product: HessianProduct) -> float | None:
    """B = tr Σ/‖G‖², rows: a batch much smaller than B steps along noise; McCandlish et al. 2018, appendix A.

    From the gradients of a batch and of its two halves: the loss's slope in `scores` (rows, …) is cut in two.
    Infinite where the two halves show no common gradient, None where the loss does not pass through
    `scores`, or where rows meet on the way, as in batch normalisation.
    """
    import torch

    if scores is None:
        return None
    edge = _edge(scores)
    rows = edge.node._input_metadata[edge.output_nr].shape[0] // 2 * 2
    if rows < 4:
        return None
    (slope,) = backwards([loss], [torch.ones_like(loss)], [edge])
    if slope is None:
        return None
    half = slope.clone()
    half[rows // 2 :] = 0
    first = backwards([edge], [half], product.parameters)
    whole = sum(float(g.double().square().sum()) for g in product.gradients)
    halves = 0.0
    for g, own in zip(product.gradients, first):
        one = 0.0 * g if own is None else 2 * own  # of the mean over half the rows
        halves += float(one.double().square().sum()) + float((2 * g - one).double().square().sum())
    halves /= 2
    signal = 2 * whole - halves  # (B·‖g‖² − b·‖g′‖²)/(B − b), b = B/2
    noise = max(halves - whole, 0.0) * rows  # (‖g′‖² − ‖g‖²)/(1/b − 1/B)
    return noise / signal if signal > 0 else math.inf if noise > 0 else None


def _edge(scores: Any) -> Any:
    """The edge of a graph that stands for a tensor, or for (node, number of its output)."""
    from torch.autograd.graph import GradientEdge, get_gradient_edge

    return GradientEdge(*scores) if isinstance(scores, tuple) else get_gradient_edge(scores)
