"""What a remedy changes in the settings of a run, so that a button can apply it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..insight import Verdict
from .said import said
from .settings import MOST

SOLVER = {"direction": "lbfgs", "rows": "all", "learning_rate": "auto", "schedule": "constant"}
SOLVE = {"direction": "closed_form", "rows": "all", "learning_rate": "auto", "schedule": "constant"}
NUDGE = 1e-3


def remedies(verdict: Verdict, ran: Any) -> list[dict[str, Any]]:
    """Each remedy: its code, its sentence, and what it changes; nothing where that is not for a button."""
    return [
        {
            "code": code,
            "text": said(f"insight.remedy_{code}", **verdict.numbers),
            "change": _change(code, verdict.numbers, ran),
        }
        for code in verdict.advice
    ]


def _change(code: str, numbers: Mapping[str, Any], ran: Any) -> dict[str, Any] | None:
    settings, solution = ran.settings, ran.solution
    best = numbers.get("best")
    match code:
        case "below_bound" | "best_rate" if isinstance(best, float) and math.isfinite(best):
            return {"learning_rate": float(f"{best:.6g}"), "schedule": "constant"}
        case "auto_rate":
            return {"learning_rate": "auto", "schedule": "constant"}
        case "add_penalty" | "add_l2":
            return {"penalty": "l2", "alpha": 0.01}
        case "more_epochs" if settings.epochs < MOST["epochs"]:
            return {"epochs": min(10 * settings.epochs, MOST["epochs"])}
        case "faster_method" | "lbfgs":
            return SOLVER
        case "exact_method":
            return (
                SOLVE
                if ran.objective is None or (ran.objective.quadratic and not ran.objective.kinked)
                else SOLVER
            )
        case "smaller_rate" if settings.learning_rate != "auto":
            return {"learning_rate": settings.learning_rate / 4}
        case "use_all_rows":
            return {"rows": "all"}
        case "no_decay":
            return {"direction": "adam"}
        case "nudge_start":
            at = solution.trace.start
            return {"start": {name: float(x) + NUDGE * (1 + abs(x)) for name, x in zip(solution.names, at)}}
        case "go_on" if solution.is_net is False:
            return {"start": dict(zip(solution.names, solution.params.tolist()))}
        case "wider_grid" if settings.grid:
            return {"grid": {name: _wider(*values) for name, values in settings.grid.items()}}
    return None


def _wider(first: float, last: float, step: float) -> list[float]:
    return [first - (last - first) / 2, last + (last - first) / 2, step]
