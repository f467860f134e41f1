"""What a remedy changes in the settings of a run, so that a button can apply it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..descent.methods import METHODS
from ..insight import Verdict
from .said import both
from ..inference.settings import Settings

ALIKE = (
    "learning_rate",
    "epochs",
    "penalty",
    "alpha",
    "penalty_on",
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
            "code": remedy.code,
            "text": both(lambda remedy=remedy: remedy.text),  # type: ignore[misc]
            "change": settings_of(remedy.change, ran),
        }
        for remedy in verdict.remedies
    ]


def settings_of(change: Mapping[str, Any] | None, ran: Any) -> dict[str, Any] | None:
    """A change of what `fit` takes, as one of the lab's settings; None where the lab has no such setting."""
    if not change or not set(change) <= {*ALIKE, "method"}:
        return None
    if ran.dataset is None and change.get("start", ...) is None:
        return None  # a function needs a start
    left_out = [
        name for name in ("order", "batch_size") if change.get(name) is None
    ]  # the method has its own
    told = {name: value for name, value in change.items() if name in ALIKE and name not in left_out}
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
    if "learning_rate" in told:
        told["schedule"] = "constant"
    elif method is not None and method in ("lbfgs", "newton", "closed_form"):
        told |= {"learning_rate": "auto", "schedule": "constant"}
    return told
