"""What a remedy changes in the settings of a run, so that a button can apply it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..descent.methods import METHODS, Exhaustive
from ..insight import Verdict
from .said import said
from .settings import MOST, Settings

NUDGE = 1e-3
ALIKE = (
    "learning_rate",
    "epochs",
    "penalty",
    "alpha",
    "scale",
    "start",
    "seed",
    "order",
    "batch_size",
    "tol",
)


def remedies(verdict: Verdict, ran: Any) -> list[dict[str, Any]]:
    """Each remedy: its code, its sentence, and what it changes; nothing where that is not for a button."""
    return [
        {
            "code": code,
            "text": said(f"insight.remedy_{code}", **verdict.numbers),
            "change": settings_of(_change(code, verdict.numbers, ran), ran),
        }
        for code in verdict.advice
    ]


def settings_of(change: Mapping[str, Any] | None, ran: Any) -> dict[str, Any] | None:
    """A change of what `fit` takes, as one of the lab's settings; None where the lab has no such setting."""
    if not change or not set(change) <= {*ALIKE, "method"}:
        return None
    told = {name: value for name, value in change.items() if name in ALIKE}
    method = change.get("method")
    if isinstance(method, Mapping):
        grids = method["exhaustive"].items()
        told["grid"] = {name: [grid[0], grid[-1], grid[1] - grid[0]] for name, grid in grids if len(grid) > 1}
        return told
    if method == "auto":
        if ran.objective is None or ran.solution is None:
            return None
        found = ran.solution.recipe.with_(method="auto", learning_rate="auto", batch_size=None, order=None)
        method = found.method_for(ran.objective).name
    if method is not None:
        named = Settings.from_recipe(ran.solution.recipe.with_(method=METHODS[method]()), method)
        told = {"direction": named.direction, "rows": named.rows, **told}
    if told.get("learning_rate") == "auto" or "learning_rate" in told:
        told["schedule"] = "constant"
    elif method is not None and method in ("lbfgs", "newton", "closed_form"):
        told |= {"learning_rate": "auto", "schedule": "constant"}
    return told


def _change(code: str, numbers: Mapping[str, Any], ran: Any) -> dict[str, Any] | None:
    """What a remedy changes, in the words of `fit`."""
    settings, solution = ran.settings, ran.solution
    best = numbers.get("best")
    match code:
        case "below_bound" | "best_rate" if isinstance(best, float) and math.isfinite(best):
            return {"learning_rate": float(f"{best:.6g}")}
        case "auto_rate":
            return {"learning_rate": "auto"}
        case "add_penalty" | "add_l2":
            return {"penalty": "l2", "alpha": 0.01}
        case "more_epochs" if settings.epochs < MOST["epochs"]:
            return {"epochs": min(10 * settings.epochs, MOST["epochs"])}
        case "faster_method" | "lbfgs":
            return {"method": "lbfgs", "learning_rate": "auto"}
        case "exact_method":
            return {"method": "auto", "learning_rate": "auto"}
        case "smaller_rate" if settings.learning_rate != "auto":
            return {"learning_rate": settings.learning_rate / 4}
        case "use_all_rows":
            return {"method": "gd"}
        case "no_decay":
            return {"method": "adam"}
        case "nudge_start":
            at = solution.trace.start
            return {"start": {name: float(x) + NUDGE * (1 + abs(x)) for name, x in zip(solution.names, at)}}
        case "go_on" if not solution.is_net:
            return {"start": dict(zip(solution.names, solution.params.tolist()))}
        case "wider_grid" if isinstance(ran.method, Exhaustive):
            wide = {name: _wider(values) for name, values in ran.method.grid.items() if len(values) > 1}
            return {"method": {"exhaustive": wide}}
    return None


def _wider(values) -> list[float]:
    """The same step, twice as far."""
    step, more = values[1] - values[0], len(values) // 2
    return [values[0] + step * k for k in range(-more, len(values) + more)]
