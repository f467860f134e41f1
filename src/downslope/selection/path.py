"""A path: the minimisers at one alpha after another, each begun where the one before ended."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from .. import view
from ..arguments import a, door, number, truth
from ..data.second_moments import SecondMoments
from ..descent.methods import CoordinateDescent
from ..errors import DownslopeError, DownslopeWarning
from ..kernels.threads import lapack, one_blas_thread
from ..messages import text
from ..model import losses, penalties
from ..model.coordinates import MOMENTS, Coordinates
from ..model.l1_quadratic import priced
from ..model.linear import Linear
from ..model.objective import Objective, objective_of
from ..model.penalties import Penalty
from .lasso import COLUMNS, Lasso, lasso_paths
from .ridge import WIDE, Ridge, moments_of, squared_errors

ROUNDS = 200  # for one alpha
STEPS = 50  # of Newton's method, for one alpha
SMALL = 1_000  # weights up to which a Hessian is made for each step
FEW = 30  # alphas where each is a descent of its own
COUNT, RATIO = 100, 1e-3  # alphas of a path, and the least over the largest
DECADES = 1e16  # that the alphas of an L2 penalty span at most

# (objective, start in the coordinates of the descent or None) → how its descent ended
Solve = Callable[[Objective, "np.ndarray | None"], Any]


@dataclass(frozen=True, eq=False)
class Path:
    """m minimisers, in the order of their alphas, the largest first.

    `alphas` (m,); `coef` (m, d), of several outputs (m, d, k), and `intercepts` (m,) or (m, k), in the user's
    units; `losses` (m,) is F, penalty and all; `gaps` (m,) is the duality gap, how far F may lie above its
    minimum; `epochs` (m,) are rounds over a working set, or passes; `converged` (m,) is whether the gap is as
    small as `tol` asked for.

    Where alpha was chosen along the path (`alpha="cv"`): `curve` (m,) is the mean of `metric` over the folds,
    `errors` (m,) its standard error, `fold_scores` (K, m) those of each fold, `folds` (n,) the fold that
    holds each row out, and `alpha` the choice of `rule`.
    """

    names: tuple[str, ...]
    alphas: np.ndarray
    coef: np.ndarray
    intercepts: np.ndarray
    losses: np.ndarray
    gaps: np.ndarray
    epochs: np.ndarray
    converged: np.ndarray
    penalty: str = "l1"
    penalty_on: str = "raw"
    rule: str = ""
    metric: str = ""
    higher: bool = False  # whether a higher score is a better one
    tried: int = 1  # penalties that were compared: ratios of an elastic net
    split: str = ""  # how rows were cut into folds
    curve: np.ndarray | None = None
    errors: np.ndarray | None = None
    fold_scores: np.ndarray | None = None
    fold_weights: np.ndarray | None = None  # (K,) of the rows of each fold
    folds: np.ndarray | None = None
    better_on: tuple[float, float] | None = None  # the best score on standardised columns, and its alpha

    @property
    def nonzero(self) -> np.ndarray:
        """How many weights are not 0.  (m,)"""
        return np.count_nonzero(self.coef.reshape(len(self.alphas), -1), axis=1)

    @cached_property
    def best(self) -> int:
        """The place of the best score; among equal ones that of the largest alpha."""
        return int(np.argmin(self._costs))

    @property
    def _costs(self) -> np.ndarray:
        if self.curve is None:
            raise DownslopeError("selection.no_choice")
        return np.where(np.isnan(self.curve), np.inf, -self.curve if self.higher else self.curve)

    @cached_property
    def chosen(self) -> int:
        """The place of the alpha that `rule` chooses."""
        return self._one_se if self.rule == "cv:1se" else self.best

    @cached_property
    def _one_se(self) -> int:
        if self.errors is None:
            raise DownslopeError("selection.no_errors", rule=self.rule)
        costs = self._costs
        return int(np.flatnonzero(costs <= costs[self.best] + self.errors[self.best])[0])

    @property
    def alpha(self) -> float:
        """The alpha that `rule` chose: that of the best score, or under "cv:1se" `alpha_1se`."""
        return float(self.alphas[self.chosen])

    @property
    def alpha_1se(self) -> float:
        """The largest alpha whose score is within one standard error of the best.  Breiman et al. 1984."""
        return float(self.alphas[self._one_se])

    @property
    def at_edge(self) -> bool:
        """Whether the best score stands at an end of the alphas, beyond which it may be better."""
        return self.best in (0, len(self.alphas) - 1) and len(self.alphas) > 1

    def joined(self, further: Path) -> Path:
        """This path and one that goes on with smaller alphas."""
        by_alpha = (
            "alphas",
            "coef",
            "intercepts",
            "losses",
            "gaps",
            "epochs",
            "converged",
            "curve",
            "errors",
        )
        both = {name: (getattr(self, name), getattr(further, name)) for name in by_alpha}
        found: dict[str, Any] = {
            name: np.concatenate(pair) for name, pair in both.items() if pair[0] is not None
        }
        if self.fold_scores is not None and further.fold_scores is not None:
            found["fold_scores"] = np.hstack([self.fold_scores, further.fold_scores])
        return replace(self, **found)

    def notes(self) -> list[tuple[str, dict[str, Any]]]:
        """How alpha was chosen: keys of sentences, and their facts."""
        assert self.curve is not None
        facts: dict[str, Any] = {"alpha": self.alpha, "score": float(self.curve[self.best])}
        if self.errors is None:
            found = [("selection.chosen_criterion", {**facts, "rule": self.rule})]
        else:
            facts |= {"folds": self.split, "metric": self.metric, "error": float(self.errors[self.best])}
            if self.rule == "cv:1se":
                found = [("selection.chosen_1se", {**facts, "best": float(self.alphas[self.best])})]
            else:
                found = [("selection.chosen", {**facts, "alpha_1se": self.alpha_1se})]
        if self.tried > 1:
            found.append(("selection.chosen_ratio", {"penalty": self.penalty}))
        if self.at_edge:
            ends = {"low": float(self.alphas[-1]), "high": float(self.alphas[0])}
            found.append(("selection.at_edge_" + ("low" if self.best else "high"), ends))
        if self.better_on is not None:
            score, alpha = self.better_on
            found.append(("selection.better_on", {"metric": self.metric, "score": score, "alpha": alpha}))
        return found

    def plot(self, ax: Any = None) -> Any:
        """A picture of it; see `downslope.plots.path`. Returns the Axes."""
        return view("path")(self, ax)

    def to_frame(self):
        """A pandas DataFrame: a row for each alpha, with the weights under their names."""
        import pandas as pd

        m = len(self.alphas)
        columns: dict[str, Any] = {"alpha": self.alphas, "loss": self.losses, "gap": self.gaps}
        if self.curve is not None:
            columns["score"] = self.curve
            columns["standard_error"] = np.full(m, np.nan) if self.errors is None else self.errors
        if self.coef.ndim == 2:
            columns["intercept"] = self.intercepts
        weights = pd.DataFrame(self.coef.reshape(m, -1), columns=list(self.names))
        return pd.concat([pd.DataFrame(columns), weights], axis=1)

    def to_json(self) -> dict[str, Any]:
        """How alpha was chosen, as plain numbers: rule, metric, folds, alphas, scores, standard errors."""
        scores = None if self.curve is None else self.curve.tolist()
        errors = None if self.errors is None else self.errors.tolist()
        chosen = {"alpha": self.alpha, "alpha_1se": None if errors is None else self.alpha_1se}
        asked = {"rule": self.rule, "metric": self.metric, "folds": self.split, "penalty": self.penalty}
        return {**asked, **chosen, "alphas": self.alphas.tolist(), "scores": scores, "errors": errors}


@dataclass(frozen=True, eq=False)
class Minimisers:
    """What is found along the alphas: `params` (m, p) in the user's units, F, duality gaps, epochs."""

    params: np.ndarray
    losses: np.ndarray
    gaps: np.ndarray
    epochs: np.ndarray
    converged: np.ndarray

    def path(self, objective: Objective, features: tuple[str, ...], alphas, intercept: bool, **about) -> Path:
        m, d, k = len(alphas), len(features), objective.term.outputs
        coef = self.params[:, : d * k].reshape(m, d, k)
        b = self.params[:, d * k :] if intercept else np.zeros((m, k))
        names = features if k == 1 else objective.names[: d * k]
        coef, b = (coef[:, :, 0], b[:, 0]) if k == 1 else (coef, b)
        gaps = np.maximum(self.gaps, 0.0)
        return Path(names, alphas, coef, b, self.losses, gaps, self.epochs, self.converged, **about)


@door(dataset=a("Dataset"), eps=number(above=0, below=1), tol=number(least=0), intercept=truth)
@one_blas_thread()
def path(
    dataset,
    loss: Any = "squared",
    penalty: str | Penalty = "l1",
    alphas: int | Sequence[float] = COUNT,
    eps: float = RATIO,
    tol: float = 1e-6,
    intercept: bool = True,
    penalty_on: str = "raw",
) -> Path:
    """argmin f(w) + α·R(w) for one α after another, by coordinate descent from the last minimiser.

    dataset: rows with one target.  loss: any smooth one.  penalty: "l1", "elasticnet:0.5", or "l2" with
    alphas that are given.  alphas: how many, from the least that leaves all weights at 0,
    α_max = maxⱼ |∂f/∂wⱼ|/l1 at the best constant, down to eps·α_max; or the alphas themselves.
    tol: every gap is at most tol times F of the best constant; a DownslopeWarning names the alphas where it
    is not, and `Path.converged` tells which they are.  penalty_on: as of `Recipe`.

    Only a working set is worked on: the weights that pull hardest join it, and of sparse rows those that a
    sequential rule after Tibshirani et al. 2012 foresees. All slopes are looked at before an end is called
    one. An alpha of 0 leaves nothing to prove a gap with: there the gradient must be below tol. Raises
    DownslopeError for a loss with a kink, several outputs, and alphas that are no numbers.

    >>> import downslope as ds
    >>> rows = ds.Dataset.from_arrays([[1.0, 0.0], [2.0, 1.0], [3.0, 0.0]], [2.0, 4.0, 6.0])
    >>> found = ds.path(rows, alphas=3, eps=0.01)
    >>> found.alphas.round(3), found.coef.round(3) + 0.0
    (array([2.667, 0.267, 0.027]), array([[0.  , 0.  ],
           [1.8 , 0.  ],
           [1.98, 0.  ]]))
    """
    if penalty is None or (isinstance(penalty, str) and penalty == "none"):
        raise DownslopeError("selection.path_penalty", asked=penalty)
    unit = penalties.by_name(penalty.spec if isinstance(penalty, Penalty) else penalty, 1.0)
    loss = losses.by_name(loss)
    few = loss.quadratic and dataset.X.shape[1] <= MOMENTS
    F = objective_of(Linear(intercept).term(dataset, loss, gathered=few), unit, penalty_on)
    CoordinateDescent().refuse_nonsense(F)
    if F.term.outputs > 1:
        raise DownslopeError("selection.path_outputs", outputs=F.term.outputs)
    found = _checked(alphas)
    if found is None:
        if not F.l1.any():
            raise DownslopeError("selection.path_no_end")
        if not 0 < eps < 1:
            raise DownslopeError("selection.path_eps", eps=eps)
        found = kinked_alphas(F, int(alphas), float(eps))  # type: ignore[arg-type]
    minimisers = by_coordinates(F, found, tol)
    if not minimisers.converged.all():
        _warn(found, minimisers.gaps, minimisers.converged, tol, F.null_value)
    about = {"penalty": unit.spec, "penalty_on": penalty_on}
    return minimisers.path(F, dataset.features, found, intercept, **about)


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
        return _by_newton(unit, alphas, solve)
    return _by_descents(unit, alphas, tol, solve)


def quick(unit: Objective) -> bool:
    """Whether one alpha after another costs little: none is a descent of its own."""
    return Ridge.serves(unit) or on_moments(unit) or _one_by_one(unit) or _by_hessians(unit)


def _one_by_one(unit: Objective) -> bool:
    return unit.whole and unit.term.smooth and unit.kinked and unit.term.outputs == 1


def _by_hessians(unit: Objective) -> bool:
    return unit.whole and unit.smooth and unit.curved and unit.size <= SMALL


def on_moments(unit: Objective) -> bool:
    """Whether an objective is a squared loss of more rows than columns, dense and in memory."""
    term = unit.term
    fits = unit.quadratic and unit.whole and unit.penalty.alpha > 0 and getattr(term, "dense", False)
    if not fits or term.rows <= 2 * term.columns:
        return False
    return term.outputs == 1 and term.columns <= COLUMNS if unit.kinked else term.columns <= WIDE


def params_on_moments(
    moments: Sequence[SecondMoments], intercept: bool, penalty: Penalty, penalty_on: str, alphas: np.ndarray
) -> list[np.ndarray] | None:
    """The minimisers (m, p) of several sets of rows, in the user's units, from their moments."""
    if penalty.kinked:
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
    moments = moments_of(term.X, term.Y, term.share)
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


def by_coordinates(F: Objective, alphas: np.ndarray, tol: float) -> Minimisers:
    """By coordinate descent on a working set, from one minimiser to the next. `F`: at alpha 1, one output."""
    at = Coordinates(F.term, F.term.null_theta, solves=len(alphas))
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


def _by_newton(unit: Objective, alphas: np.ndarray, solve: Solve) -> Minimisers:
    """Newton's method on a smooth loss with L2, from one minimiser to the next, until rounding is all that is
    left of ½gᵀH⁻¹g, what a step promises; where it does not become small, `solve` descends."""
    term = unit.term
    theta = np.array(term.null_theta)
    size = abs(float(term.null_value))
    H = None
    params, values, gaps, epochs, converged = [], [], [], [], []
    for alpha in alphas:
        F = replace(unit, penalty=replace(unit.penalty, alpha=float(alpha)))
        point, before, steps = F.at(theta), np.inf, 0
        while steps < STEPS:
            fresh = H is None
            H = term.hessian(point.theta, point.cached) if fresh else H
            step = _newton_step(H + np.diag(F.l2), point.gradient)
            promised = -0.5 * float(point.gradient @ step)
            near = promised <= 1e-12 * size  # where F itself no longer tells which of two places is lower
            if not promised > 1e-22 * size or (near and promised > 0.25 * before):
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
        converged.append(
            end.reason.code in ("gradient", "gap") or (end.gap is not None and end.gap <= allowed)
        )
    return Minimisers(*map(np.array, (params, values, gaps, epochs, converged)))


def alphas_of(unit: Objective, ratio: float = RATIO) -> np.ndarray:
    """The alphas that are tried where none are given, the largest first: 100, or 30 where each is a descent
    of its own (a loss with a kink, L1 with several outputs, very many columns).

    With a kink: from the least alpha that leaves all weights at 0 down to `ratio` of it. For L2: from
    10³·κλ_max down to 10⁻⁴·κλ_min, λ the eigenvalues of the columns' covariance that are not 0 and κ the
    curvature of the loss: where the weights are next to 0, and where the penalty changes nothing.
    """
    count = COUNT if quick(unit) else FEW
    if unit.kinked:
        return kinked_alphas(unit, count, ratio)
    eigenvalues = Ridge.eigenvalues(unit)
    curvature = unit.usual_curvature if unit.curved else 2.0
    high, low = 1e3 * curvature * eigenvalues[-1], 1e-4 * curvature * eigenvalues[0]
    return np.geomspace(high, max(low, high / DECADES), count)


def kinked_alphas(unit: Objective, count: int, ratio: float) -> np.ndarray:
    """From the least alpha that leaves all weights at 0 down to `ratio` of it.  (count,)"""
    gradient = np.abs(unit.term.at(unit.term.null_theta)[1])
    priced_weights = unit.l1 > 0
    highest = float((gradient[priced_weights] / unit.l1[priced_weights]).max())
    return highest * np.geomspace(1.0, ratio, count)


def _warn(alphas, gaps, converged, tol: float, usual: float) -> None:
    """Say at which alphas the gap is larger than was asked for."""
    worst = int(np.where(converged, -np.inf, gaps).argmax())
    facts = {"count": int(np.sum(~converged)), "alphas": len(alphas), "alpha": float(alphas[worst])}
    relative = float(gaps[worst]) / (abs(usual) or 1.0)
    warnings.warn(text("selection.path_gap", tol=tol, gap=relative, **facts), DownslopeWarning, stacklevel=3)


def _checked(alphas) -> np.ndarray | None:
    """The alphas, the largest first, (m,); None where only their number is given."""
    given = np.asarray(alphas)
    if given.ndim:
        numbers = given.ndim == 1 and given.size and given.dtype.kind in "fiu"
        if not numbers or not np.isfinite(given).all() or given.min() < 0:
            raise DownslopeError("selection.path_alphas", found=alphas)
        return np.sort(given.astype(float))[::-1]
    if given.dtype.kind not in "iu" or given < 1:
        raise DownslopeError("selection.path_alphas", found=alphas)
    return None
