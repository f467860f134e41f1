"""The verdict on a descent: the first of the findings that holds, the gravest first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ...descent.methods import AnyMethod, Exhaustive
from ...descent.state import Result
from ...descent.trace import Trace
from . import functions, nets, rows
from .case import Case, facts_of
from .failures import failure, still_growing
from .verdict import Remedy, Verdict

PLAIN = {  # reason to end → the verdict where nothing more can be judged
    "closed_form": "converged",
    "gradient": "converged",
    "gap": "converged",
    "validation": "converged",
    "epochs": "epochs_exhausted",
    "settled": "no_progress",
    "seconds": "interrupted",
    **{code: code for code in ("no_progress", "diverged", "unbounded", "interrupted", "paused", "exhausted")},
}


def explain(
    end: Result,
    objective,
    method: AnyMethod,
    trace: Trace,
    settings: Any,
    validation: Any = None,
    dataset: Any = None,
) -> Verdict:
    """The verdict on a descent: from how it ended, its trace, and the curvature where that is known.

    settings: its recipe.  validation: the objective over validation rows.  dataset: the training rows.
    A judgement that raises is left out, and the verdict's `unjudged` names it.
    """
    case = Case(end, objective, method, trace, settings, validation, dataset)
    if end.unproved:
        case.unjudged["gap"] = end.unproved
    with np.errstate(all="ignore"):
        found = next(filter(None, (case.judge(name, finding) for name, finding in _judgements(case))), None)
        if found is None:
            numbers = case.judge("numbers", lambda: case.numbers, {})
            found = plain(end, numbers)
    measured = case.certificate if case.of_net else None
    return replace(found, unjudged=tuple(case.unjudged.items()), certificate=measured)


def unjudged(end: Result) -> Verdict:
    """Where it ended, and no more: what is reported where no verdict is wanted."""
    return Verdict("not_judged", facts_of(end))


def plain(end: Result, numbers: dict[str, Any] | None = None, error: Exception | None = None) -> Verdict:
    """The verdict that the reason to end gives by itself; `error`: what kept all others from being judged."""
    code = end.reason.code
    unjudged = () if error is None else (("verdict", f"{type(error).__name__}: {error}".splitlines()[0]),)
    kinds = {"seconds": "seconds", "validation": _early(end)}
    kind = kinds.get(code, "" if code in PLAIN else "stopped_as_asked")
    facts = {**facts_of(end), **(numbers or {})}
    return Verdict(PLAIN.get(code, "interrupted"), facts, kind=kind, unjudged=unjudged)


def _early(end: Result) -> str:
    return "stopped_by_metric" if "metric" in end.reason.numbers else "stopped_early"


def _judgements(case: Case) -> list[tuple[str, Callable[[], Verdict | None]]]:
    """(name, judgement), the gravest first; the first that finds something is the verdict."""
    end, code = case.end, case.end.reason.code
    judgements: list[tuple[str, Callable[[], Verdict | None]]] = []
    if case.of_function:
        judgements.append(("wrong_gradient", lambda: functions.wrong_gradient(case)))
    if code in ("diverged", "unbounded"):
        return [*judgements, (code, lambda: failure(case))]
    if code == "interrupted":
        weights = dict(zip(case.objective.names, end.params.tolist()))
        return [*judgements, (code, lambda: case.verdict(code, Remedy("go_on", {"start": weights})))]
    if code == "seconds":
        clock = Remedy("no_clock", {"seconds": None})
        return [*judgements, (code, lambda: case.verdict("interrupted", clock, case.surest, kind=code))]
    if code == "paused":
        return [*judgements, (code, lambda: case.verdict(code))]
    if code == "exhausted":
        return [*judgements, (code, lambda: _on_the_grid(case))]
    if code == "validation":
        return [*judgements, (code, lambda: case.verdict("converged", kind=_early(end)))]
    if code not in PLAIN:  # a stop of one's own
        met = [("converged", lambda: rows.converged(case))] if case.objective.linear_rows else []
        return [*judgements, *met, (code, lambda: rows.stopped_as_asked(case))]
    if not case.objective.linear_rows:
        judgements.append(("diverged", lambda: still_growing(case)))
    of_no_rows = functions if case.of_function else nets
    findings = rows.FINDINGS if case.objective.linear_rows else of_no_rows.FINDINGS
    return [*judgements, *((finding.__name__, partial(finding, case)) for finding in findings)]


def _on_the_grid(case: Case) -> Verdict:
    """The best on the grid; on the grid's edge, it is the best of a wider one that is asked for."""
    assert isinstance(case.method, Exhaustive)
    best = dict(zip(case.objective.names, case.end.params.tolist()))
    grid = {name: sorted(values) for name, values in case.method.grid.items()}
    edge = [name for name, at in grid.items() if len(at) > 1 and best[name] in (at[0], at[-1])]
    listed = ", ".join(f"{name} = {best[name]:.6g}" for name in grid)
    facts = {"best": listed, "edge": ", ".join(edge)}
    if not edge:
        return case.verdict("converged", kind="best_of_grid", **facts)
    wider = {name: _around(at, best[name]) if name in edge else at for name, at in grid.items()}
    return case.verdict("exhausted", Remedy("wider_grid", {"method": {"exhaustive": wider}}), **facts)


def _around(values: list[float], centre: float) -> list[float]:
    """As finely as before, as far again to either side of the best as the grid was wide."""
    step = (values[-1] - values[0]) / (len(values) - 1)
    return [float(f"{centre + k * step:.12g}") for k in range(1 - len(values), len(values))]
