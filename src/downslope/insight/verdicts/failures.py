"""Descents that ended without an answer: steps too long, a value that is no number, no lowest place."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...model.functions import listed_values
from ...model.row_sums import about_means
from .case import NARROW, Case
from .verdict import Remedy, Verdict

GROWN = 10.0  # times a loss: what no chance of a few rows makes of it


def failure(case: Case) -> Verdict:
    """Diverged (by how much the rate exceeds its bound, which column and row carry the curvature), not
    finite (where it first was so), or unbounded."""
    reason = case.end.reason
    if reason.code == "unbounded":
        return case.verdict("unbounded", Remedy("bounded_function"))
    loss = reason.numbers.get("loss", case.end.value)
    infinite = not math.isfinite(loss)
    lost = (infinite or "where" in reason.numbers) and not _grew(case)  # the loss, or a slope
    excess = case.excess
    left_domain = lost and case.of_function and math.isnan(loss)
    if excess > 1 and not left_domain and not (case.of_net and lost):
        facts = {"excess": excess, **_carriers(case)}
        kind = "diverged_beyond_column" if "column" in facts else "diverged_beyond"
        if case.of_net:
            facts["loss"] = max([case.end.value, *(s.loss for s in case.steps[-1:] if math.isfinite(s.loss))])
        if "where" in reason.numbers:
            facts["epoch"], kind = case.end.epochs + 1, "diverged_beyond_layer"
        return case.verdict("diverged", *_slower(case), kind=kind, **facts)
    if lost:
        where = reason.numbers.get("where") or _where(case)
        if case.of_function:
            return case.verdict("not_finite", *_slower(case), kind="left_domain", where=where)
        kind = "" if infinite else "not_finite_slope"
        facts = {"where": where, "epoch": case.end.epochs + 1, "loss": loss}
        return case.verdict("not_finite", *_slower(case), kind=kind, **facts)
    seen = [step.loss for step in case.steps if math.isfinite(step.loss)]
    facts = {"loss": max([case.end.value, *seen[-1:]]), "epoch": case.end.epochs + 1}
    kind = "diverged_in_layer" if "where" in reason.numbers else ""
    return case.verdict("diverged", *_slower(case), kind=kind, **facts)


def _slower(case: Case) -> list[Remedy | None]:
    """A rate that goes down: known from the curvature, or found by a search."""
    if case.objective.linear_rows or (case.of_function and "bound" in case.numbers):
        cause = scale(case) if case.objective.linear_rows else None
        if cause is not None and case.at_best > case.settings.epochs:
            return [cause, *case.best_rate]
        return case.best_rate
    if case.of_function:
        return [case.surest, case.chosen_rate if case.full else None]
    change = {"method": "auto", "learning_rate": "auto"}
    chosen = case.method_after(change)
    auto = None if chosen in (None, case.method) else Remedy("surest", change, {"chosen": chosen.name})
    if case.slower_net is not None:
        return [case.slower_net, auto]
    rate = case.judge("calmer", lambda: calmer_rate(case))
    return [auto, Remedy("calmer", {"learning_rate": rate}) if rate else None]


def calmer_rate(case: Case) -> float | None:
    """A tenth of the learning rate, or a hundredth, …: the first with which one update from the start does
    not raise F. None where the rate was not fixed, and where none of ten does."""
    rate = case.method.fixed_rate
    if rate is None:
        return None
    first = case.objective.value_and_gradient(case.objective.to_inner(case.trace.start))
    way = first.gradient if case.gradual else np.sign(first.gradient)  # Adam and its kin divide g by its size
    for power in range(1, 11):
        t = rate / 10**power
        if case.objective.value(case.objective.prox(first.theta - t * way, t)) <= first.value:
            return float(f"{t:.3g}")
    return None


def scale(case: Case) -> Remedy | None:
    """Standardised columns, where the descent was in columns as they are, and would have arrived in those."""
    if case.settings.scale or not case.straight or case.objective.term.inputs > NARROW:
        return None
    L, mu = _standardised(case)
    # Eigenvalues of the Gram matrix are those of one row's curvature on average: a batch of 1 sees more.
    more = case.step_curvature / case.L if case.L > 0 else 1.0
    if case.needed(L * more, mu) > case.settings.epochs:
        return None
    return Remedy("scale", {"scale": True, "learning_rate": "auto"})


def _standardised(case: Case) -> tuple[float, float]:
    """L and μ that standardised columns would have."""
    term = case.objective.term
    apart = about_means(term.gram, term.intercept)
    width = np.sqrt(np.diag(apart))
    if not (width > 0).all():
        return math.inf, 0.0
    values = np.linalg.eigvalsh(apart / width / width[:, None])
    values = np.append(values, 1.0) if term.intercept else values
    bend = term.loss.bound_for(term.outputs)
    ease = 1.0 if term.loss.quadratic else 4.0
    return bend * float(values.max()), bend / ease * float(values.min())


def _carriers(case: Case) -> dict[str, Any]:
    """The column that has the largest part in the steepest direction v, and the row that has in vᵀGv."""
    if not (case.objective.linear_rows and case.objective.whole):
        return {}
    if case.objective.term.inputs > NARROW:
        return {}
    term = case.objective.term
    v = np.linalg.eigh(term.gram)[1][:, -1]
    column = int(np.abs(v).argmax())
    along = np.zeros((len(v), term.outputs))
    along[:, 0] = v
    parts = term.weighted(term.predictor(along.ravel())[:, 0] ** 2)
    row = int(parts.argmax())
    name = term.names[column * term.outputs]
    share = {"column": name, "column_share": float(v[column] ** 2)}
    return {**share, "row": row + 1, "row_share": float(parts[row] / parts.sum())}


def _grew(case: Case) -> bool:
    """Whether the loss rose above where it began before it was lost."""
    losses = [step.loss for step in case.steps if math.isfinite(step.loss)]
    if len(losses) < 2:
        return False
    # Of rows that are drawn, one update's loss may well be some times another's.
    return losses[-1] > (losses[0] if case.full else GROWN * max(abs(losses[0]), losses[0]))


def still_growing(case: Case) -> Verdict | None:
    """A fixed step along gradients with which F ends above its start, and went on growing: nobody knows the
    bound of a function, or of a net, beforehand."""
    if case.method.fixed_rate is None:
        return None
    if case.end.reason.code not in ("epochs", "no_progress"):
        return None
    values = np.array([step.best_known_loss for step in case.steps])
    if len(values) < 2 or not case.end.value > values[0]:
        return None
    if case.of_function:
        rises = np.diff(np.append(values, case.end.value)) > 0
        return failure(case) if rises[len(rises) // 2 :].mean() >= 0.9 and rises[-1] else None
    null = case.objective.value(case.objective.term.null_theta)  # of a net, which may stand still up there
    return failure(case) if case.end.value > GROWN * max(abs(values[0]), abs(null)) else None


def _where(case: Case) -> str:
    """What was first no finite number: a variable whose move alone made it so, else the place; of rows, the
    column with the largest slope."""
    objective = case.objective
    bad = case.steps[-1].params
    if objective.linear_rows:
        gradient = np.abs(case.point.gradient)
        return objective.names[int(np.nanargmax(gradient))]
    if not np.isfinite(bad).all() and not np.isfinite(case.point.gradient).all():  # f had a value there
        return listed_values(objective.names, case.end.params)
    for j, name in enumerate(objective.names):
        moved = case.end.params.copy()
        moved[j] = bad[j]
        with np.errstate(all="ignore"):
            if not np.isfinite(objective.value(moved)):
                return f"{name} = {bad[j]:.6g}"
    return listed_values(objective.names, bad)
