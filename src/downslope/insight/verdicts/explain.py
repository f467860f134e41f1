"""The verdict on a descent: the first of the findings that holds, the gravest first."""

from __future__ import annotations

from typing import Any

from ...descent.end import End
from ...descent.methods import AnyMethod, Exhaustive
from ...descent.trace import Trace
from . import functions, nets, rows
from .case import Case
from .failures import failure
from .verdict import Remedy, Verdict


def explain(
    end: End, objective, method: AnyMethod, trace: Trace, settings: Any, validation: Any = None
) -> Verdict:
    """The verdict on a descent: from how it ended, its trace, and the curvature where that is known.

    settings: its recipe.  validation: the objective over rows held out.
    """
    case = Case(end, objective, method, trace, settings, validation)
    code = end.reason.code
    wrong = functions.wrong_gradient(case) if case.of_function else None
    if wrong is not None:
        return wrong
    if code in ("diverged", "unbounded"):
        return failure(case)
    if code == "interrupted":
        return case.verdict(code, Remedy("go_on", {"start": dict(zip(objective.names, end.params.tolist()))}))
    if code == "seconds":
        return case.verdict("interrupted", Remedy("no_clock", {"seconds": None}), case.surest, kind=code)
    if code == "paused":
        return case.verdict(code)
    if code == "exhausted":
        return _on_the_grid(case)
    if code == "validation":
        return case.verdict("converged", kind="stopped_early")
    findings = (
        rows.FINDINGS if objective.sweeps else functions.FINDINGS if case.of_function else nets.FINDINGS
    )
    found = (finding(case) for finding in findings)
    return next(verdict for verdict in found if verdict is not None)


def _on_the_grid(case: Case) -> Verdict:
    """The best on the grid; on the grid's edge, it is the best of a wider one that is asked for."""
    assert isinstance(case.method, Exhaustive)
    best = dict(zip(case.objective.names, case.end.params.tolist()))
    grid = {name: sorted(values) for name, values in case.method.grid.items()}
    edge = [name for name, at in grid.items() if len(at) > 1 and best[name] in (at[0], at[-1])]
    told = ", ".join(f"{name} = {best[name]:.6g}" for name in grid)
    facts = {"best": told, "edge": ", ".join(edge)}
    if not edge:
        return case.verdict("converged", kind="best_of_grid", **facts)
    wider = {name: _around(at, best[name]) if name in edge else at for name, at in grid.items()}
    return case.verdict("exhausted", Remedy("wider_grid", {"method": {"exhaustive": wider}}), **facts)


def _around(values: list[float], centre: float) -> list[float]:
    """As finely as before, as far again to either side of the best as the grid was wide."""
    step = (values[-1] - values[0]) / (len(values) - 1)
    return [float(f"{centre + k * step:.12g}") for k in range(1 - len(values), len(values))]
