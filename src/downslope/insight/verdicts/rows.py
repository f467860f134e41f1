"""Findings on a linear model over rows, the gravest first: each gives its verdict, or None."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ...descent.descend import descend
from ...descent.directions import Steepest
from ...descent.methods import LBFGS, Newton
from ...descent.stops import Epochs, Gradient
from ...kernels.threads import one_blas_thread
from ...model.penalties import l2
from ...model.row_sums import about_means
from ..separation import Separation, faults, separation
from .case import NARROW, Case
from .failures import scale
from .overfitting import overfitting
from .stochastic import as_near_as_rows_can_tell, noise_floor, sorted_rows
from .verdict import Remedy, Verdict

FOREVER = 1e6  # epochs: of more nobody knows how many they will be
PROVED = 1e-9  # of F and of its fall: with a gap below it F is at its minimum, whatever its gradient
REVERSED = -math.sqrt(0.5)  # cosine of two gradients: more than half of the next one undoes the last step


def separable(case: Case) -> Verdict | None:
    """Log loss or a log link without a penalty, and a direction along which the loss falls for ever. Where
    it tells all rows apart, nothing is left to learn; else it names the levels and columns at fault."""
    objective, term = case.objective, case.objective.term
    if term.loss.attained:
        return None
    if objective.penalty.alpha:  # which bounds every weight but the intercept
        none = not term.loss.labels and term.intercept and not np.any(term.levels[0])
        found = Separation(0) if none else None
    else:
        found = separation(term, objective.to_inner(case.end.params))
    if found is None:
        return None
    no_events = found.on_plane == 0 and not term.loss.labels  # a penalty would not bound the intercept
    alpha = None if no_events else case.judge("alpha", lambda: held_out_alpha(case))
    remedy = Remedy("add_penalty", squares(case, alpha)) if alpha else None
    rows = {"on_plane": found.on_plane, "rows": term.rows}
    if found.on_plane == 0:
        return case.verdict("separable", remedy, kind="no_events" if no_events else "", **rows)
    levels, columns = case.judge("faults", lambda: faults(term.sample, found, case.dataset), ([], []))
    facts = {**rows, "faults": [levels, columns]}
    kind = "" if levels or columns else "quasi_separable_somewhere"
    return case.verdict("quasi_separable", remedy, kind=kind, **facts)


def unused_rows(case: Case) -> Verdict | None:
    """An order of rows that leaves some out."""
    batch = case.method.batch
    if batch is None or isinstance(batch.order, str):
        return None
    used = len(set(batch.order))
    if used == case.objective.rows:
        return None
    change = {"method": "auto", "order": None, "batch_size": None, "learning_rate": "auto"}
    facts = {"used": used, "rows": case.objective.rows}
    every = Remedy("use_all_rows", change)
    return case.verdict("unused_rows", every, Remedy("draw_rows", {"order": "shuffle"}), **facts)


def collinear(case: Case) -> Verdict | None:
    """Columns of which some are combinations of others, and no penalty that chooses between the weights."""
    objective, numbers = case.objective, case.end.reason.numbers
    if objective.penalty.alpha or numbers.get("rank", 0) == numbers.get("columns", -1):
        return None
    facts: dict[str, Any] = {}
    if objective.term.inputs <= NARROW:
        if "rank" not in numbers and _independent(objective.term):
            return None
        null = objective.basis.null
        if not null.shape[1]:
            return None
        facts = _combination(objective.term, null, _whole(case))
    elif numbers.get("dependent"):
        facts = {name: numbers[name] for name in ("rank", "columns") if name in numbers}
        facts["dependent"] = ", ".join(numbers["dependent"])
    if not facts:
        return None
    alpha = case.judge("alpha", lambda: smallest_alpha(case))
    remedies = [Remedy("add_l2", squares(case, alpha))] if alpha else []
    drop = facts.pop("drop", [])
    dropped = _without(case, drop) if drop and len(objective.names) > 2 else None
    remedies += [dropped] if dropped else []
    kind = "collinear_how" if "combination" in facts else ""
    return case.verdict("collinear", *remedies, kind=kind, **facts)


def _whole(case: Case) -> np.ndarray:
    """1 for each feature that is a column of the table, less for one of several that a column makes.  (d,)"""
    encoding = getattr(case.dataset, "encoding", None)
    if encoding is None:
        return np.ones(case.objective.term.columns)
    return np.array(
        [1.0 if len(column.features) == 1 else 0.1 for column in encoding.columns for _ in column.features]
    )


def _without(case: Case, features: list[str]) -> Remedy | None:
    """Leave features out: the columns of the table that make them; None where these make others too."""
    term, encoding = case.objective.term, getattr(case.dataset, "encoding", None)
    if encoding is None:
        kept = [name for name in term.column_names[: term.columns] if name not in features]
        return Remedy("drop_column", {"features": kept})
    whole = [column for column in encoding.columns if {*column.features} <= {*features}]
    if sum(len(column.features) for column in whole) < len(features):
        return None
    return Remedy("drop_column", {"exclude": [column.name for column in whole]})


def _independent(term) -> bool:
    """Whether a few of the rows tell all columns apart already: then all rows do."""
    q, term = term.inputs, term.sample
    G = term.take(slice(None, None, max(1, term.rows // (4 * q))), relative_weight=None).gram
    size = np.sqrt(np.diag(G))
    with one_blas_thread():  # so small a matrix only makes others wait
        return bool((size > 0).all() and np.linalg.eigvalsh(G / size / size[:, None])[0] > 1e-10)


def _combination(term, null, prefer) -> dict[str, Any]:
    """Which columns depend on which, from the ways that change no prediction, (q, r); of several that could
    be left out the ones with the larger `prefer` (d,)."""
    from scipy.linalg import qr

    G, d = term.gram, term.gram.shape[0] - term.intercept
    width = np.sqrt(np.maximum(np.diag(about_means(G, term.intercept)), 0.0))
    empty = np.flatnonzero(width**2 <= 1e-13 * np.maximum(np.diag(G)[:d], 1e-300))
    safe = np.where(width > 0, width, 1.0)
    if len(empty):
        return {}
    null = null[:d] * safe[:, None]
    null = null / np.sqrt((null**2).sum(axis=0))  # (d, r) of columns of one size
    ranked = qr((null * prefer[:, None]).T, pivoting=True, mode="r")[1]
    extra = ranked[: null.shape[1]]  # one column for each dependence
    rest = np.setdiff1d(np.arange(d), extra)
    names = term.column_names
    involved = np.flatnonzero(np.abs(null).max(axis=1) > 1e-6)
    facts = {
        "rank": d + term.intercept - null.shape[1],
        "columns": d + term.intercept,
        "dependent": ", ".join(names[j] for j in involved),
        "extra": ", ".join(names[j] for j in extra),
        "drop": [names[j] for j in extra],
    }
    pick = np.linalg.solve(null[extra], np.eye(len(extra))[0])  # 1 on the first extra column, 0 on the others
    way = (null @ pick) / safe / term.standardise.width
    way = -way / way[extra[0]]  # in the units of the columns: x_p = Σ wayⱼ·xⱼ + level
    terms = [(way[j], names[j]) for j in rest if abs(null[j] @ pick) > 1e-6]
    if not 0 < len(terms) <= 6:
        return facts
    level = 0.0
    if term.intercept:
        means = term.standardise.center + term.standardise.width * G[:d, d] / G[d, d]
        level = float(means[extra[0]] - sum(way[j] * means[j] for j in rest))
    return {**facts, "combination": f"{names[extra[0]]} = {_sum_of(terms, level)}"}


def _sum_of(terms, level: float) -> str:
    """2·x1 − x3 + 5"""
    size = max(abs(number) for number, _ in terms)
    formula = ""
    for number, name in [*terms, *([(level, "")] if abs(level) > 1e-9 * max(size, 1.0) else [])]:
        sign = (" − " if number < 0 else " + ") if formula else ("−" if number < 0 else "")
        amount = f"{abs(number):.6g}"
        formula += sign + (name if name and amount == "1" else f"{amount}·{name}" if name else amount)
    return formula


def decayed(case: Case) -> Verdict | None:
    """AdamW, whose decay is no part of the objective."""
    decay = getattr(case.method.direction, "decay", 0)
    return case.verdict("decayed", Remedy("no_decay", {"method": "adam"}), decay=decay) if decay else None


def converged(case: Case) -> Verdict | None:
    """In one solve; by its gradient; within sampling error. Never together with a gap that says otherwise."""
    code, term = case.end.reason.code, case.objective.term
    if not math.isfinite(case.end.value):
        return case.verdict("not_finite", kind="overflow")
    if code == "closed_form":
        return case.verdict("converged", kind="solved" if _rounding_alone(case) else "solved_nearly")
    if code in ("gradient", "gap") and case.near:
        kink = not term.smooth and case.end.gap is not None
        steep = kink and case.end.stationarity > 1e-6 * term.gradient_scale
        # At a kink the slope need not be 0: there the gap is what proves the end.
        proved: dict[str, Any] = {"kind": "proved", "gap": case.end.gap} if steep else {}
        return case.verdict("converged", **{"kind": "rounded" if "width" in case.numbers else "", **proved})
    least = PROVED * min(term.usual_fall, abs(case.end.value))
    if code == "no_progress" and case.end.gap is not None and case.end.gap <= least:
        return case.verdict("converged", kind="proved_by_gap", gap=case.end.gap)
    certificate, enough = case.end.stationarity, 1e-6 if code == "no_progress" else 1e-8
    small = certificate <= 1e4 * enough * term.rough_scale and certificate <= enough * term.gradient_scale
    exact = term.smooth or not case.full  # small slopes of a rounded kink prove nothing
    if small and exact and case.near:
        return case.verdict("converged")
    return as_near_as_rows_can_tell(case)


def _rounding_alone(case: Case) -> bool:
    """Whether the slope that a solve left is what θ's last digits make of it: ε·‖x̃ⱼ‖·Σ ‖x̃ₗ‖|θₗ| in mean."""
    term = case.objective.term
    if term.inputs > NARROW:
        return True
    size = np.repeat(np.sqrt(np.maximum(np.diag(term.gram), 0.0)), term.outputs)
    rounding = 64 * np.finfo(float).eps * float(size.max() * (size @ np.abs(case.theta)))
    return bool(case.end.stationarity <= rounding + 1e-10 * term.gradient_scale)


def oscillating(case: Case) -> Verdict | None:
    """A fixed step on all rows after which the gradient points back: it crosses the valley and returns."""
    t = case.given_rate
    if not case.full:
        return None
    if not case.objective.term.smooth or not isinstance(case.method.direction, Steepest):
        return _restless(case)
    if t is None:
        return None
    cosine, shorter = turn(case, t)
    if not cosine < REVERSED:
        return None
    known = "best" in case.numbers
    remedies = case.best_rate if known else [Remedy("shorter", {"learning_rate": shorter}), case.surest]
    beyond = known and t > case.bound
    kind = "oscillating_beyond" if beyond else "oscillating_bound" if known else ""
    facts = {"cosine": cosine, **({"excess": t / case.bound} if beyond else {})}
    return case.verdict("oscillating", *remedies, kind=kind, **facts)


def turn(case: Case, t: float) -> tuple[float, float]:
    """The cosine between the gradients before and after one more step; and 1/L along that step."""
    g = case.point.gradient
    with np.errstate(all="ignore"):
        after = case.objective.value_and_gradient(case.objective.prox(case.theta - t * g, t)).gradient
        size = float(g @ g)
        known = size > 0 and after.any()
        cosine = float(g @ after / math.sqrt(size * float(after @ after))) if known else 0.0
    return cosine, float(f"{t * size / max(size - float(g @ after), 1e-300):.3g}")


def _restless(case: Case) -> Verdict | None:
    """Any other fixed step: the loss rises in a quarter of the last steps, and is no lower at their end."""
    losses = np.array([step.loss for step in case.steps[len(case.steps) // 2 :]])
    if case.method.fixed_rate is None or len(losses) < 16:
        return None
    rises = np.mean(np.diff(losses) > 1e-12 * np.abs(losses[1:]))
    first, last = np.array_split(losses, 2)
    if rises < 0.25 or last.min() < first.min() - 1e-3 * (first.max() - first.min()):
        return None
    t, facts = case.given_rate, {"rises": float(rises)}
    if t is not None and "bound" in case.numbers and t > case.bound:
        facts["excess"] = t / case.bound
        return case.verdict("oscillating", *case.best_rate, kind="oscillating_loss_beyond", **facts)
    return case.verdict("oscillating", case.surest, kind="oscillating_loss", **facts)


def too_slow(case: Case) -> Verdict | None:
    """A fixed rate with which it did not arrive, where the best one would have, as curved as it is."""
    t = case.given_rate
    if t is None or case.clearly_fast_enough or not (0 < case.L < math.inf and case.alike):
        return None
    if not (t < case.best / 2 and case.at_best <= case.settings.epochs):
        return None
    return case.verdict("too_slow", *case.best_rate, needed=math.ceil(case.at_best))


def badly_scaled(case: Case) -> Verdict | None:
    """Columns of unlike size, in which no fixed rate arrives, and standardised ones in which one does."""
    if case.clearly_fast_enough or not (case.straight and math.isfinite(case.L)):
        return None
    if case.at_best <= case.settings.epochs:
        return None
    remedy = scale(case)
    if remedy is None:
        return None
    term = case.objective.term
    names, sizes = term.column_names, np.sqrt(np.diag(term.gram))[: term.columns]
    high, low = int(sizes.argmax()), int(sizes.argmin())
    ratio = float(sizes[high] / max(sizes[low], 1e-300))
    centred = high == low or ratio < 2  # of one size, but far from 0: the intercept is what they fight
    kind = "badly_centred" if centred else ""
    return case.verdict("badly_scaled", remedy, kind=kind, high=names[high], low=names[low], ratio=ratio)


def exhausted(case: Case) -> Verdict:
    """How many more epochs it needs, where the way it went tells; else a surer method."""
    if case.end.reason.code in ("gradient", "gap"):
        return stopped_as_asked(case)
    more = case.more if case.more <= FOREVER else math.inf
    if case.end.reason.code == "no_progress":
        fixed = case.method.fixed_rate is not None
        return case.verdict("no_progress", case.surest, Remedy("smaller_rate") if fixed else None)
    sure = case.surest
    if not math.isfinite(more):
        tenfold = 10 * case.settings.epochs
        ten = Remedy("more_epochs", {"epochs": max(tenfold, 1000) if case.searches else tenfold})
        return case.verdict("epochs_exhausted", sure or ten)
    total = int(case.end.epochs + more)
    if case.searches:  # it ends by itself: the limit may be generous
        total = max(total, 1000)
    wait = Remedy("more_epochs", {"epochs": total})
    # Ten times as long is a way; beyond that, and where the way so far tells little of what is to come, a
    # method that needs fewer epochs is the better one.
    foreseeable = case.searches or (case.gradual and total <= 10 * case.settings.epochs)
    remedies = [wait, sure] if foreseeable or sure is None else [sure, wait]
    return case.verdict("epochs_exhausted", *remedies, kind="epochs_more", more=int(more))


def stopped_as_asked(case: Case) -> Verdict:
    """A stop that was asked for, before the minimum."""
    if case.end.reason.code == "callback":
        start = dict(zip(case.objective.names, case.end.params.tolist()))
        return case.verdict("interrupted", Remedy("go_on", {"start": start}), kind="stopped_as_asked")
    usual = Remedy("usual_stop", {"stop": None} if case.settings.stop is not None else {"tol": 1e-8})
    return case.verdict("interrupted", usual, kind="stopped_as_asked")


# ---- how much L2 penalty a remedy asks for --------------------------------------------------------


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


FINDINGS = (
    separable,
    unused_rows,
    collinear,
    decayed,
    overfitting,
    converged,
    sorted_rows,
    noise_floor,
    oscillating,
    too_slow,
    badly_scaled,
    exhausted,
)
