"""What rows that are drawn leave to chance: how close a stochastic descent can come, and how close it must.

The minimum over n rows is itself only known to a standard error, so that a gradient far below its own
standard error has nothing left to find (Bottou & Bousquet 2008).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...kernels.threads import one_blas_thread
from .case import NARROW, Case
from .verdict import Remedy, Verdict

LEFT = 0.1  # of the excess that n rows leave open: an end closer than that is as good as the minimum
NOTHING = 1e-8  # of the loss of the best constant: as small as the tolerance that is usual
ORDERED = 4.0  # standard deviations of a chance autocorrelation: once in 30,000
FEWEST = 20  # updates a pass, from which an order can be distinguished from chance


def share_left(case: Case) -> float:
    """n·gᵀC⁻¹g/p, C = E gᵢgᵢᵀ ≈ E ℓ′²·G: the gap that is left, in units of the excess that n rows leave
    open. NaN where there are no more rows than weights, or too many columns.

    Where the loss has a kink, its gradient does not vanish at the minimum: it is rounded over a width that
    costs no more than LEFT of that excess, F·p/2n. Where the penalty has one, g is the gradient mapping
    L·(θ − prox(θ − g/L)), which is 0 where a weight should be 0 and nearly is.
    """
    objective, theta = case.objective, case.theta
    term = objective.term
    k, q = term.outputs, term.inputs
    if q > NARROW or q >= term.rows:
        return math.nan
    some, z = term.sample, _predictor(case)
    if term.smooth and not objective.nonsmooth:  # gᵀG⁻¹g ≥ max|g|²/tr G: mostly some rows tell enough
        size = _sizes(some, z, slice(None, None, min(16, 1 + some.rows // 1000))).max()
        least = case.end.stationarity**2 / max(size * term.rough_row_size, 1e-300)
        if term.rows * least / term.size > 2 * LEFT:
            return float(term.rows * least / term.size)
    sizes = _sizes(some, z, slice(None, None, 1 + some.rows // 50_000))
    if not term.smooth:
        excess = case.end.value * term.size / (2 * term.rows)
        objective = objective.smoothed(max(2 * LEFT * excess / term.loss.slope_bound**2, 1e-300))
    gradient = case.end.gradient if objective is case.objective else None
    gradient = objective.value_and_gradient(theta).gradient if gradient is None else gradient
    if objective.nonsmooth and math.isfinite(objective.lipschitz):
        t = 1 / objective.lipschitz
        gradient = (theta - objective.prox(theta - t * gradient, t)) / t
    g = gradient.reshape(q, k)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = (g * _solved(_gram_of_some(term), g)).sum(axis=0) / sizes
    return max(0.0, float(term.rows * parts.sum() / term.size))


def _sizes(term, z, rows: slice) -> np.ndarray:
    """The mean of ℓ′² over some rows.  (k,)"""
    return term.weighted(term.loss.slope(z[rows], term.Y[rows]) ** 2, rows).mean(axis=0)


def _predictor(case: Case) -> np.ndarray:
    """z at the end, which the descent may hold still, of rows that stand for all.  (n, k)"""
    held, term = case.end.cached, case.objective.term.sample
    if isinstance(held, tuple) and np.shape(held[1]) == term.Y.shape:
        return np.asarray(held[1])
    return term.predictor(case.theta)


def _gram_of_some(term) -> np.ndarray:
    """G from rows enough to know it to a few percent: LEFT has no more digits than that."""
    q = term.inputs
    every = term.rows // max(5_000, 50 * q)
    return (term.subsample(every) if every > 1 else term).gram


def _solved(H, g) -> np.ndarray:
    """H⁺g, H cut where its eigenvalues are rounding: columns may depend on each other."""
    size = np.sqrt(np.maximum(np.diag(H), 0.0))
    size = np.where(size > 0, size, 1.0)
    with one_blas_thread():
        values, vectors = np.linalg.eigh(H / size / size[:, None])
        kept = values > 1e-13 * len(H) * values[-1]
        weights = (vectors[:, kept].T @ (g.T / size).T).T / values[kept]
    return ((vectors[:, kept] @ weights.T).T / size).T


def as_near_as_rows_can_tell(case: Case) -> Verdict | None:
    """Of drawn rows, or of a loss with a kink, whose slopes do not vanish at its minimum: by what the rows
    leave open; or because nothing is left of a loss that is never negative."""
    if case.full and case.objective.term.smooth:
        return None
    if 0 <= case.end.value <= NOTHING * case.objective.null_value and case.objective.term.loss.nonnegative:
        return case.verdict("converged")
    left = share_left(case)
    if not left <= LEFT:
        return None
    return case.verdict("converged", kind="converged_drawn", left=left, error=math.sqrt(left))


def sorted_rows(case: Case) -> Verdict | None:
    """Rows always taken in one order in which y, and what is left of it, goes up or down."""
    order = _fixed_order(case)
    if order is None or not case.objective.whole:
        return None
    term = case.objective.term
    size = case.method.batch.size  # type: ignore[union-attr]
    blocks = len(order) // size
    slopes = term.loss.slope(term.predictor(case.theta), term.Y)
    if blocks >= FEWEST:
        order = order[: blocks * size]
        means = (part[order].reshape(blocks, size, -1).mean(axis=1) for part in (term.Y, slopes))
        y, left = map(_following, means)
        by_chance = ORDERED / math.sqrt(blocks)  # its deviation in random order is 1/√m: Bartlett 1946
    else:  # too few updates a pass: whether rows are like the next ones, and batches unlike each other
        if blocks < 2 or len(order) < FEWEST or not _unlike(slopes[order[: blocks * size]], blocks):
            return None
        y = left = _following(term.Y[order])
        by_chance = ORDERED / math.sqrt(len(order))
    if min(y, left) <= by_chance:
        return None
    change: dict[str, Any] = {"order": "shuffle"}
    if case.given_rate is not None and math.isfinite(case.L):
        change["learning_rate"] = "auto"  # a fixed rate would stop short of the minimum in any order
    facts: dict[str, Any] = {"correlation": y, "by_chance": by_chance}
    return case.verdict("sorted_rows", Remedy("shuffle", change), case.surest, **facts)


def _fixed_order(case: Case) -> np.ndarray | None:
    batch = case.method.batch
    if batch is None or batch.random:
        return None
    return batch.order_of(case.objective.rows, 0, 0)


def _unlike(values, blocks: int) -> bool:
    """Whether the means of blocks differ by more than chance: the variance between them against that within.
    Fisher's F has the standard deviation √(2/(m − 1)) in random order, for many rows."""
    parts = values.reshape(blocks, -1, values.shape[-1])
    within = parts.var(axis=1, ddof=1).mean(axis=0) if parts.shape[1] > 1 else np.full(parts.shape[2], np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        F = parts.shape[1] * parts.mean(axis=1).var(axis=0, ddof=1) / within
    return bool(np.nan_to_num(F).max() > 1 + ORDERED * math.sqrt(2 / (blocks - 1)))


def _following(values: np.ndarray) -> float:
    """The largest correlation of a column with itself one row later."""
    away = values - values.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (away[1:] * away[:-1]).sum(axis=0) / (away**2).sum(axis=0)
    return float(np.nan_to_num(found, nan=-1.0).max())


def noise_floor(case: Case) -> Verdict | None:
    """A constant step on drawn rows, and a loss that no longer falls: the level reached against the one that
    theory predicts."""
    rate = case.method.fixed_rate
    if rate is None or case.full or not _levelled(case):
        return None
    bottom, tail = _bottom(case), _tail(case)
    level = float(tail[len(tail) // 2 :].mean())
    level -= math.nan if bottom is None else case.objective.value(bottom)
    predicted = _predicted(case, bottom)
    facts: dict[str, Any] = {"level": level, "predicted": predicted, "rate": rate}
    kind = "" if math.isfinite(predicted) and math.isfinite(level) else "noise_floor_unknown"
    return case.verdict("noise_floor", case.surest, case.chosen_rate, kind=kind, **facts)


def _tail(case: Case) -> np.ndarray:
    """F after each pass of the last half."""
    half = case.steps[len(case.steps) // 2 :]
    return np.array([step.objective for step in half if step.objective is not None], dtype=float)


def _levelled(case: Case) -> bool:
    """Whether F fell by no more in the last quarter than its own ups and downs: by two standard errors."""
    tail = _tail(case)
    if case.end.reason.code == "no_progress":
        return len(tail) > 0
    if len(tail) < 8:
        return False
    first, last = np.array_split(tail, 2)
    error = math.sqrt(first.var(ddof=1) / len(first) + last.var(ddof=1) / len(last))
    return bool(first.mean() - last.mean() <= 2 * error)


def _bottom(case: Case) -> np.ndarray | None:
    """θ*, by a Newton step from the end; None where ∇²F, n·d² in size, would cost more than a twentieth of
    what the passes over n·d numbers did."""
    objective, term = case.objective, case.objective.term
    if objective.size > NARROW or not objective.smooth:
        return None
    if objective.quadratic:
        H = np.kron(term.loss.bound_for(1) * term.gram, np.eye(term.outputs)) + np.diag(objective.l2)
    elif 20 * objective.size <= case.end.epochs:
        H = objective.hessian(case.point)
    else:
        return None
    return case.theta - _solved(H, case.point.gradient)


def _predicted(case: Case, bottom) -> float:
    """t·E‖∇Fᵢ‖²/(2b(2 − t·L̄)), L̄ = L + (E Lᵢ²/E Lᵢ − L)/b, for rows drawn anew: `Certificate.noise_floor`."""
    term, rate = case.objective.term, case.given_rate
    if rate is None or bottom is None or not math.isfinite(case.L):
        return math.nan
    rate /= 1 - case.beta  # the heavy ball adds up 1/(1 − β) of its past
    b = case.method.batch.size  # type: ignore[union-attr]
    some = term.sample
    slopes = some.loss.slope(some.predictor(bottom), some.Y) ** 2
    pull = case.objective.l2 * bottom  # the penalty's own gradient, which the rows' mean balances
    noise = float((slopes.sum(axis=1) * some.row_sizes).mean()) - float(pull @ pull)
    rows = term.loss.bound_for(term.outputs) * some.row_sizes
    one = float((rows**2).mean() / rows.mean()) if rows.any() else 0.0
    bend = case.L + (one - case.L) / b
    return rate * max(noise, 0.0) / (2 * b * (2 - rate * bend)) if rate * bend < 2 else math.inf
