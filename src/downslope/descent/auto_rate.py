"""The learning rate that "auto" stands for: from the curvature where it is known.

| rows | direction | learning rate |
|---|---|---|
| all | steepest | 2/(L + μ) on a parabola, 1/L otherwise; an Armijo search where L is not known |
| all | momentum | (1 − β)/L, and 1/L on a parabola |
| all | Nesterov | 1/L |
| all | L-BFGS, Newton | strong Wolfe; Armijo |
| all | Adagrad, RMSprop, Adam, AdamW | a cosine from a tenth of the weights' expected size to 0 |
| some | steepest, momentum, Nesterov | 1/(2·L of a batch)/(1 + epoch)^0.75, times 1 − β |
| some | Adagrad, RMSprop, Adam, AdamW | the same cosine, from a hundredth |

L of a batch is the expected smoothness of Gower et al. 2019, proposition 3.8. Where a loss has a
kink there is no L; then the step is a tenth of the expected size, falling as 1/√epoch.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ..errors import DownslopeError
from . import directions
from .schedules import Constant, Cosine, InverseScaling
from .searches import Armijo, StrongWolfe


def resolved(method, objective):
    """The schedule or search that `method` uses on `objective`."""
    if method.learning_rate != "auto":
        return method.learning_rate
    direction = method.direction
    if direction.external:
        return Constant(1.0)  # of which it takes no notice
    if isinstance(direction, directions.LBFGS):
        return StrongWolfe()
    if isinstance(direction, directions.Newton):
        return Armijo()
    first_order = isinstance(direction, directions.Steepest | directions.Momentum | directions.Nesterov)
    beta = getattr(direction, "beta", 0.0)
    drag = 1.0 if beta == "auto" else 1.0 - beta
    known = objective.linear_rows and objective.bounded and objective.term.smooth
    if first_order and known and method.batch and method.batch.size == 1:  # L of all rows costs more
        L = batch_lipschitz(objective, 1)
        return InverseScaling(drag / (2 * L)) if L > 0 else Constant(1.0)
    L = objective.lipschitz
    if math.isnan(L) and objective.rows > 1 and not first_order:  # a net: Adam's own usual size
        return Cosine(0.01)
    if math.isnan(L) and (first_order or not objective.linear_rows):
        if objective.stochastic:
            raise DownslopeError("descent.noisy", method=method.name)
        if isinstance(direction, directions.Steepest) and method.full:
            return Armijo()
        raise DownslopeError("descent.auto_needs_curvature", method=direction.name)
    if not first_order:
        return Cosine((0.1 if method.full else 0.01) * weight_size(method, objective))
    if math.isinf(L):
        return InverseScaling(0.1 * objective.term.expected_size / objective.term.slope_bound, power=0.5)
    if L == 0:  # nothing in the features: any step will do
        return Constant(1.0)
    if method.batch:
        return InverseScaling(drag / (2 * batch_lipschitz(objective, method.batch.size)))
    if isinstance(direction, directions.Steepest) and objective.quadratic and not objective.nonsmooth:
        return Constant(best_fixed(L, objective.strong_convexity))
    return Constant(1 / L if objective.quadratic or drag == 1.0 else drag / L)


def weight_size(method, objective) -> float:
    """How large a weight may become on its way."""
    size = objective.term.expected_size
    if method.full:  # which starts at 0, and may have far to go to the level of y
        size = max(size, float(np.abs(objective.term.null_theta).max()))
    return size


def in_units(method, objective):
    """The same method in the units of standardised rows: ε of Adam and its kin in those of a gradient, the
    decay of AdamW in those of a weight, so that y in grams and in tonnes gives the same model. Powers of
    two, so that no bits change where the unit is one."""
    gradient, weight = (
        2.0 ** round(math.log2(size)) if 0 < size < math.inf else 1.0
        for size in (objective.term.gradient_scale, weight_size(method, objective))
    )
    return replace(method, direction=method.direction.in_units(gradient, weight))


def best_fixed(L: float, mu: float) -> float:
    """2/(L + μ): what damps the steepest and the flattest way alike. A μ below L/100 counts as L/100,
    for at 2/L the steepest is not damped at all."""
    return 2 / (L + max(mu, L / 100))


def rolls(objective, method) -> bool:
    """Whether F may rise on its way to the minimum: with momentum on a parabola, at a rate below its bound
    2(1 + β)/L, it does for some 1/(1 − β) updates, and near the bound for longer.  Polyak 1964."""
    heavy = isinstance(method.direction, directions.Momentum) and method.fixed_rate is not None
    if not (heavy and objective.quadratic):
        return False
    return method.fixed_rate * objective.lipschitz < 2 * (1 + method.direction.beta)


def batch_lipschitz(objective, size: int) -> float:
    """(n(b − 1)·L + (n − b)·max Lᵢ)/(b(n − 1)): L of one row for b = 1, of the sum for b = n."""
    n = objective.rows
    b = min(size, n)
    one = objective.term.row_lipschitz + float(objective.l2.max(initial=0.0))
    if n == 1 or b == 1:
        return one
    return (n * (b - 1) * objective.lipschitz + (n - b) * one) / (b * (n - 1))
