"""How much L2 penalty a remedy asks for: what validation rows want, or the least that helps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ...descent.descend import descend
from ...descent.methods import LBFGS, Newton
from ...descent.stops import Epochs, Gradient
from ...model.penalties import l2
from ...model.row_sums import about_means
from .case import NARROW, Case

ROWS = 2_000  # that are looked at
WORK = 2e7  # multiplications in a Hessian of them
FOLDS = 3
WORSE = 2  # alphas in a row that are no better than the best: the others are smaller still


def squares(case: Case, alpha: float) -> dict[str, Any]:
    """The change that adds an L2 penalty: on standardised columns, where the run standardises them."""
    change: dict[str, Any] = {"penalty": "l2", "alpha": alpha}
    change |= {"penalty_on": "standardised"} if case.settings.scale else {}
    return {**change, **(case.surest.change or {} if case.surest else {})}


def held_out_alpha(case: Case) -> float | None:
    """The alpha, a power of ten, with the least loss on rows that were left out, in three folds. None where
    there are too few rows to leave any out."""
    term = case.objective.term.sample
    d = term.inputs
    most = int(min(ROWS, max(4 * FOLDS, WORK / d**2)))
    order = np.random.Generator(np.random.Philox(case.settings.seed)).permutation(term.rows)[:most]
    if len(order) < 2 * FOLDS:
        return None
    some = lambda rows: term.take(rows, compiled=False).with_mean_weight()
    term = some(order)
    folds = np.arange(len(order)) % FOLDS
    inside = [replace(case.objective, term=some(folds != fold)) for fold in range(FOLDS)]
    outside = [some(folds == fold) for fold in range(FOLDS)]
    weights = [part.to_user(part.term.null_theta) for part in inside]
    units = np.where(term.column_scale > 0, term.column_scale, 1.0) if case.settings.scale else None
    losses: dict[float, float] = {}
    for alpha in _alphas(_sizes(term, case.settings.scale)):
        each = []
        for fold, (part, held) in enumerate(zip(inside, outside)):
            part = replace(part, penalty=l2(alpha), units=units)
            weights[fold] = _descended(part, weights[fold])
            each.append(held.value_and_gradient(part.to_inner(weights[fold]))[0] * held.rows)
        losses[alpha] = float(sum(each))
        if all(loss > min(losses.values()) for loss in [*losses.values()][-WORSE:]):
            break
    return min(losses, key=lambda alpha: losses[alpha])


def _descended(objective, start) -> np.ndarray:
    """The minimiser, as nearly as a choice of alpha needs it, in the user's units."""
    method = Newton() if objective.size <= NARROW else LBFGS()
    steps = descend(objective, start, method, Gradient(1e-3) | Epochs(12))
    for _ in steps:
        pass
    assert steps.result is not None
    return steps.result.params


def _alphas(sizes) -> Iterator[float]:
    """Decades from the size of the largest column to a millionth of that of the smallest."""
    largest, smallest = sizes.max(initial=1e-300), sizes.min(initial=1e300)
    power = np.ceil(np.log10(largest * 10))
    while 10**power >= 1e-6 * smallest:
        yield float(f"{10.0**power:.0e}")
        power -= 1


def _sizes(term, standardised: bool) -> np.ndarray:
    """The curvature that each column brings, standardised or as it is; of those that vary.  (d,)"""
    bend = term.loss.curvature_bound if np.isfinite(term.loss.curvature_bound) else 1.0
    d = term.columns
    width = 1.0 if standardised else term.standardise.width
    sizes = bend * np.maximum(np.diag(term.gram)[:d], 0.0) * width**2
    return sizes[sizes > 0] if (sizes > 0).any() else np.ones(1)


def smallest_alpha(case: Case) -> float | None:
    """A thousandth of the least curvature that the rows do determine, to one digit: it makes the weights
    single, and changes hardly a prediction."""
    term = case.objective.term
    if term.inputs > NARROW:
        return float(f"{1e-6 * _sizes(term, case.settings.scale).min():.0e}")
    width = 1.0 if case.settings.scale else term.standardise.width
    apart = about_means(term.gram, term.intercept)
    bend = term.loss.curvature_bound if np.isfinite(term.loss.curvature_bound) else 1.0
    size = np.sqrt(np.maximum(np.diag(apart), 0.0))
    size = np.where(size > 0, size, 1.0)
    values = np.linalg.eigvalsh(apart / size / size[:, None])
    known = values[values > 1e-9 * values[-1]]
    scale = float(((size * width) ** 2).min())
    alpha = 1e-3 * bend * float(known.min()) * scale if len(known) else 0.0
    return float(f"{alpha:.0e}") if alpha > 0 else None
