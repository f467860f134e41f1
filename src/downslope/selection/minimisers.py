"""The minimisers at one alpha after another, each by the quickest way that is sure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..data.statistics import SecondMoments
from ..kernels.threads import lapack
from ..model.coordinates import Coordinates
from ..model.l1_quadratic import priced
from ..model.objective import Objective
from ..model.penalties import Penalty
from .lasso import COLUMNS, Lasso, lasso_paths
from .ridge import WIDE, Ridge, squared_errors, term_moments

ROUNDS = 200  # for one alpha
STEPS = 50  # of Newton's method, for one alpha
SMALL = 1_000  # weights up to which a Hessian is made for each step
FEW = 30  # alphas where each is a descent of its own
COUNT: int = 100  # alphas of a path
RATIO: float = 1e-3  # the least over the largest
DECADES = 1e16  # that the alphas of an L2 penalty span at most

# (objective, start in the coordinates of the descent or None) → how its descent ended
Solve = Callable[[Objective, "np.ndarray | None"], Any]


@dataclass(frozen=True, eq=False)
class Minimisers:
    """What is found along the alphas: `params` (m, p) in the user's units, F, duality gaps, epochs."""

    params: np.ndarray
    losses: np.ndarray
    gaps: np.ndarray
    epochs: np.ndarray
    converged: np.ndarray


def along(unit: Objective, alphas: np.ndarray, tol: float, solve: Solve) -> Minimisers:
    """The minimisers of f + α·R for each alpha, the largest first. `unit` is the objective at alpha 1;
    `solve` descends where neither an eigendecomposition nor coordinate descent on moments serves."""
    if Ridge.serves(unit):
        ridge = Ridge.of_term(unit)
        params, values = ridge.params(alphas), ridge.values(alphas)
        done = np.ones(len(alphas))
        return Minimisers(params, values, np.zeros(len(alphas)), done, done.astype(bool))
    if on_moments(unit) and (found := _by_lasso(unit, alphas)):
        return found
    if _one_by_one(unit):
        return by_coordinates(unit, alphas, tol)
    if _by_hessians(unit):
        return _by_newton(unit, alphas, 1e-22 if tol <= 1e-8 else 1e-12, solve)
    return _by_descents(unit, alphas, tol, solve)


def quick(unit: Objective) -> bool:
    """Whether one alpha after another costs little: none is a descent of its own."""
    return Ridge.serves(unit) or on_moments(unit) or _one_by_one(unit) or _by_hessians(unit)


def _one_by_one(unit: Objective) -> bool:
    return unit.whole and unit.term.smooth and unit.nonsmooth and unit.term.outputs == 1


def _by_hessians(unit: Objective) -> bool:
    return unit.whole and unit.smooth and unit.curved and unit.size <= SMALL


def on_moments(unit: Objective) -> bool:
    """Whether an objective is a squared loss of dense rows, whose moments say all there is to know."""
    term = unit.term
    if not (unit.quadratic and unit.linear and unit.penalty.alpha > 0 and getattr(term, "dense", False)):
        return False
    return not unit.whole or told_by_moments(term.rows, term.columns, term.outputs, unit.nonsmooth)


def told_by_moments(rows: int, columns: int, outputs: int, nonsmooth: bool) -> bool:
    """Whether rows in memory are so many, and their columns so few, that moments are the quicker way."""
    return rows > 2 * columns and (outputs == 1 and columns <= COLUMNS if nonsmooth else columns <= WIDE)


def params_on_moments(
    moments: Sequence[SecondMoments], intercept: bool, penalty: Penalty, penalty_on: str, alphas: np.ndarray
) -> list[np.ndarray] | None:
    """The minimisers (m, p) of several sets of rows, in the user's units, from their moments."""
    if penalty.nonsmooth:
        problems = [Lasso.of(part, intercept, penalty.l1, penalty.l2, penalty_on) for part in moments]
        found = lasso_paths(problems, alphas)
        return None if found is None else [one.to_user(U) for one, U in zip(problems, found[0])]
    ridges = []
    for part in moments:
        width = part.standardise(intercept).width if penalty_on == "standardised" else np.ones(len(part.mean))
        ridges.append(Ridge(part, width**2, intercept))
    return [ridge.params(alphas) for ridge in ridges]


def _by_lasso(unit: Objective, alphas: np.ndarray) -> Minimisers | None:
    term = unit.term
    moments = term_moments(term)
    penalty_on = "raw" if unit.units is None else "standardised"
    problem = Lasso.of(moments, term.intercept, unit.penalty.l1, unit.penalty.l2, penalty_on)
    found = lasso_paths([problem], alphas)
    if found is None:
        return None
    [U], [gaps] = found
    params = problem.to_user(U)
    price = alphas * (np.abs(U) @ problem.l1 + 0.5 * U**2 @ problem.l2)
    values = squared_errors(moments, params, term.intercept) + price
    done = np.ones(len(alphas))
    return Minimisers(params, values, gaps, done, done.astype(bool))


def by_coordinates(F: Objective, alphas: np.ndarray, tol: float, at: Coordinates | None = None) -> Minimisers:
    """By coordinate descent on a working set, from one minimiser to the next. `F`: at alpha 1, one output."""
    at = at or Coordinates(F.term, F.term.null_theta, solves=len(alphas))
    l1, l2 = F.l1[: at.d], F.l2[: at.d]
    allowed = tol * (F.null_value - at.infimum)
    thetas, values, gaps, epochs, converged = [], [], [], [], []
    last = alphas[0]
    for alpha in alphas:
        a1, a2 = alpha * l1, alpha * l2
        if F.quadratic and not F.term.dense:  # a column costs its own numbers, and no product with others
            at.extend_working_set(np.flatnonzero(np.abs(at.gradient[: at.d]) > 1.5 * a1 - 0.5 * last * l1))
        rounds, before = 0, np.inf
        while (gap := at.gap(a1, a2)) > allowed and rounds < ROUNDS:
            value = at.value + priced(at.theta[: at.d], a1, a2)
            if rounds > 2 and not value < before - 1e-15 * abs(before):  # no penalty, no proof; or rounding
                break
            before = value
            # the gap is about ‖u‖₁ times the hardest pull, which is next to α at the start
            size = float(np.abs(at.theta[: at.d]).sum()) or np.inf
            limit = min(allowed / size or np.inf, 1e-3 * float(a1.max())) * 0.3**rounds
            at.round(a1, a2, limit)
            rounds += 1
        thetas.append(F.to_user(at.theta))
        values.append(at.value + priced(at.theta[: at.d], a1, a2))
        gaps.append(gap)
        epochs.append(rounds)
        level = alpha == 0 and np.abs(at.gradient).max() <= tol * F.gradient_scale
        converged.append(level or gap <= allowed)
        last = alpha
    return Minimisers(*map(np.array, (thetas, values, gaps, epochs, converged)))


def _by_newton(unit: Objective, alphas: np.ndarray, tol: float, solve: Solve) -> Minimisers:
    """Newton's method on a smooth loss with L2, from one minimiser to the next, until `tol` or rounding is
    all that is left of ½gᵀH⁻¹g, what a step promises; where it does not become small, `solve` descends."""
    term = unit.term
    theta = np.array(term.null_theta)
    size = abs(float(term.null_value))
    H, shift = None, np.zeros(unit.size)
    if term.loss.coupled(term.outputs) and term.intercept:
        shift[-term.outputs :] = 1.0  # of all classes alike: F stays, and H alone would be singular
    params, values, gaps, epochs, converged = [], [], [], [], []
    for alpha in alphas:
        F = replace(unit, penalty=replace(unit.penalty, alpha=float(alpha)))
        point, before, steps = F.value_and_gradient(theta), np.inf, 0
        while steps < STEPS:
            fresh = H is None
            H = term.hessian(point.theta, point.cached) + np.outer(shift, shift) if fresh else H
            step = _newton_step(H + np.diag(F.l2), point.gradient)
            promised = -0.5 * float(point.gradient @ step)
            near = promised <= 1e-12 * size  # where F itself no longer tells which of two places is lower
            if not promised > tol * size or (near and promised > 0.25 * before):
                break
            if not fresh and promised > 0.01 * before:  # a Hessian from further up the path serves no more
                H = None
                continue
            line, t = F.line(point, step), 1.0
            wanted = -np.inf if near else 1e-4 * promised
            while t > 1e-6 and not line.value_and_slope(t)[0] <= point.value - t * wanted:
                t /= 2
            before, point, steps = promised, line.point(t), steps + 1
        allowed = 1e-12 * size
        arrived = promised <= allowed
        if arrived:
            theta, value, gap = point.theta, point.value, promised
        else:
            end = solve(F, F.to_user(point.theta))
            theta, value, steps = F.to_inner(end.params), end.value, steps + end.epochs
            gap = np.nan if end.gap is None else end.gap
            arrived = end.reason.code in ("gradient", "gap")
        params.append(F.to_user(theta))
        values.append(value)
        gaps.append(gap)
        epochs.append(steps)
        converged.append(arrived)
    return Minimisers(*map(np.array, (params, values, gaps, epochs, converged)))


def _newton_step(H: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """−H⁺·gradient, of columns of any size."""
    size = np.sqrt(np.maximum(np.diag(H), np.finfo(float).tiny))
    scaled, right = H / size / size[:, None], -gradient / size
    _, step, singular = lapack().lapack.dposv(scaled, right)
    return (np.linalg.lstsq(scaled, right, rcond=None)[0] if singular else step) / size


def _by_descents(unit: Objective, alphas: np.ndarray, tol: float, solve: Solve) -> Minimisers:
    """By a descent for each alpha, from the weights of the one before."""
    params, values, gaps, epochs, converged = [], [], [], [], []
    start = None
    allowed = tol * max(abs(float(unit.term.null_value)), np.finfo(float).tiny)
    for alpha in alphas:
        F = replace(unit, penalty=replace(unit.penalty, alpha=float(alpha)))
        end = solve(F, start)
        start = end.params
        params.append(end.params)
        values.append(end.value)
        gaps.append(np.nan if end.gap is None else end.gap)
        epochs.append(end.epochs)
        proved = end.gap is not None and end.gap <= allowed
        converged.append(end.reason.code in ("gradient", "gap") or proved)
    return Minimisers(*map(np.array, (params, values, gaps, epochs, converged)))


def alphas_of(unit: Objective, ratio: float = RATIO) -> np.ndarray:
    """The alphas that are tried where none are given, the largest first: 100, or 30 where each is a descent
    of its own (a loss with a kink, L1 with several outputs, very many columns).

    With a kink: from the least alpha that leaves all weights at 0 down to `ratio` of it. For L2: from
    10³·κλ_max down to 10⁻⁴·κλ_min, λ the eigenvalues of the columns' covariance that are not 0 and κ the
    curvature of the loss: where the weights are next to 0, and where the penalty changes nothing.
    """
    count = COUNT if quick(unit) else FEW
    if unit.nonsmooth:
        return kinked_alphas(unit, count, ratio)
    eigenvalues = Ridge.eigenvalues(unit)
    curvature = unit.usual_curvature if unit.curved else 2.0
    high, low = 1e3 * curvature * eigenvalues[-1], 1e-4 * curvature * eigenvalues[0]
    return np.geomspace(high, max(low, high / DECADES), count)


def kinked_alphas(unit: Objective, count: int, ratio: float, gradient=None) -> np.ndarray:
    """From the least alpha that leaves all weights at 0 down to `ratio` of it, (count,); `gradient`: of f at
    the best constant, where it is known."""
    gradient = np.abs(unit.term.value_and_gradient(unit.term.null_theta)[1] if gradient is None else gradient)
    priced_weights = unit.l1 > 0
    highest = float((gradient[priced_weights] / unit.l1[priced_weights]).max())
    return highest * np.geomspace(1.0, ratio, count)
