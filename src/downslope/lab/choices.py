"""What may be chosen with the other settings, and why the rest may not.
What a remedy would choose, so that a button can apply it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from ..descent.auto_rate import batch_lipschitz
from ..descent.batching import ORDERS
from ..descent.directions import Momentum, SearchDirection, Steepest
from ..descent.methods import METHODS
from ..descent.schedules import SCHEDULES, Constant
from ..errors import DownslopeError
from ..inference.settings import DIRECTIONS, FINDERS, ROWS, SEARCHES, Settings
from ..insight import Verdict
from ..insight.certificate import certify
from ..messages import LANGUAGES, room_texts, speaking
from ..model.losses import LOSSES
from ..model.net_settings import ACTIVATIONS
from ..model.objective import Objective
from ..model.penalties import PENALTIES, PENALTY_ON
from .localized import in_each_language, localized, plain
from .localized import refusal as refused
from .problems import Problem

TOLD = (
    "rows",
    "direction",
    "learning_rate",
    "penalty",
    "alpha",
    "tol",
    "grid",
)  # by a label, or not worth it


ALIKE = (
    "learning_rate",
    "epochs",
    "penalty",
    "alpha",
    "penalty_on",
    "class_weights",
    "threshold",
    "scale",
    "start",
    "seed",
    "order",
    "batch_size",
    "tol",
)


def choices(problem: Problem, settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """For each menu its values, each with whether it goes with the other settings, and why not."""
    menus: dict[str, tuple] = {
        "rows": ROWS,
        "direction": (*DIRECTIONS, *FINDERS),
        "schedule": (*SCHEDULES, *SEARCHES),
        "order": ORDERS,
    }
    if problem.dataset is not None:
        menus |= {"loss": tuple(LOSSES), "penalty": (*PENALTIES, "auto")}
        menus |= {"penalty_on": PENALTY_ON, "activation": tuple(ACTIVATIONS)}
    return {
        menu: [_choice(problem, settings, menu, value) for value in values] for menu, values in menus.items()
    }


def _choice(problem: Problem, settings: Settings, menu: str, value: str) -> dict[str, Any]:
    change: dict[str, Any] = {menu: value}
    if menu == "penalty":
        change["alpha"] = 0.0 if value in ("none", "auto") else settings.alpha or 0.1
    if value in FINDERS or issubclass(DIRECTIONS.get(value, Steepest), SearchDirection):
        change |= {"learning_rate": "auto", "schedule": "constant", "rows": "all"}
    if value == "exhaustive" and not settings.grid:
        change["grid"] = default_grid(problem, settings)
    if menu == "schedule" and value in SCHEDULES and value != "constant" and settings.learning_rate == "auto":
        change["learning_rate"] = 0.01
    why = refusal(problem, replace(settings, **change))
    label = _label(menu, value)
    return {
        "value": value,
        "label": label,
        "ok": why is None,
        "why": None if why is None else refused(why),
    }


def default_grid(problem: Problem, settings: Settings) -> dict[str, list[float]]:
    """41 values around the start for one weight, 21 for each of two."""
    names = problem.training(replace(settings, direction="steepest", rows="all")).objective.names
    start = settings.start or {}
    step, reach = (0.1, 2.0) if len(names) == 1 else (0.2, 2.0)
    return {name: [start.get(name, 0.0) - reach, start.get(name, 0.0) + reach, step] for name in names[:3]}


def refusal(problem: Problem, settings: Settings) -> DownslopeError | None:
    """Why these settings cannot run on this problem; None if they can."""
    try:
        training = problem.training(settings)
        training.method.refuse_nonsense(training.objective)
    except DownslopeError as error:
        return error
    return None


def certificate(settings: Settings, objective: Objective) -> dict[str, Any] | None:
    """What is known of the learning rate before the descent: its zones, its best, and why."""
    if not settings.descends or (objective.rows > 1 and not objective.linear_rows):
        return None
    rate = settings.rate
    asked = rate.rate if isinstance(rate, Constant) else None
    known = certify(objective, at=settings.start, learning_rate=asked if asked and asked > 0 else None)
    method = settings.method
    L = known.L
    zones: dict[str, float | None] = {"monotone": None, "bound": None, "best": None}
    walks = isinstance(method.direction, Steepest | Momentum)
    if walks and math.isfinite(L) and L > 0:
        if method.batch and objective.linear_rows:
            L = batch_lipschitz(objective, method.batch.size)
        best = known.best_step if method.full and known.kind == "quadratic" else 1 / L
        zones = {"monotone": 1 / L, "bound": 2 / L, "best": best}
    top = math.ceil(math.log10(10 * zones["bound"])) if zones["bound"] else 1
    momentum = {"momentum": known.momentum, "learning_rate": known.momentum_step}
    plainly = method.name == "gd"
    return {
        "kind": known.kind,
        "L": known.L,
        "mu": known.mu,
        "condition": known.condition,
        **zones,
        "best_momentum": momentum if all(map(math.isfinite, momentum.values())) else None,
        "slider": [10.0 ** (top - 6), 10.0**top],
        "zone": known.zone if plainly else None,
        "lines": _lines(known),
    }


def _lines(known) -> list[dict[str, str]]:
    """What the certificate says, but for its table of epochs."""
    by_language = {}
    for language in LANGUAGES:
        with speaking(language):
            lines = known.lines()
            cut = lines.index("") if "" in lines else len(lines)
            by_language[language] = lines[:cut] + (lines[-1:] if known.zone else [])
    return [dict(zip(LANGUAGES, pair)) for pair in zip(*(by_language[language] for language in LANGUAGES))]


def label(settings: Settings, rows: bool = True) -> dict[str, str]:
    """A run in a few words: its direction, its rows, its learning rate."""
    words = [_label("direction", settings.direction)]
    if settings.direction == "steepest" and rows:
        words = [localized(f"lab.short_{settings.rows}", size=settings.batch_size)]
    elif settings.descends and settings.rows != "all":
        words.append(localized(f"lab.short_{settings.rows}", size=settings.batch_size))
    if settings.schedule in SEARCHES:
        words.append(_label("schedule", settings.schedule))
    elif settings.descends and settings.learning_rate != "auto":
        words.append(plain(f"η = {settings.learning_rate:g}"))
    if settings.penalty not in (None, "none") and settings.alpha:
        name = _label("penalty", settings.penalty)
        words.append({language: f"{name[language]} {settings.alpha:g}" for language in LANGUAGES})
    return _joined(words)


def _joined(words: Sequence[dict[str, str]]) -> dict[str, str]:
    """Several words in a row."""
    return {
        language: ("，" if language == "zh" else ", ").join(word[language] for word in words)
        for language in LANGUAGES
    }


def _label(menu: str, value: str) -> dict[str, str]:
    """What a choice is called; by its own name, where it was registered from outside."""
    return localized(f"lab.{menu}_{value}") if f"{menu}_{value}" in room_texts("lab", "en") else plain(value)


def distinct(labels: Sequence[dict[str, str]], settings: Sequence[Settings]) -> list[dict[str, str]]:
    """The labels of runs, where two are the same with what the runs differ in."""
    distinguished = []
    for words, own in zip(labels, settings):
        alike = [other for label, other in zip(labels, settings) if label == words]
        differ = [
            field.name
            for field in fields(own)
            if field.name not in TOLD
            and any(getattr(other, field.name) != getattr(own, field.name) for other in alike)
        ]
        more = [_differs(name, getattr(own, name)) for name in differ[:2]]
        distinguished.append(_joined([words, *more]))
    return distinguished


def _differs(name: str, value: Any) -> dict[str, str]:
    """One setting in a few words."""
    if name == "order" and isinstance(value, str):
        return localized(f"lab.order_{value}")
    if isinstance(value, Mapping):
        value = ", ".join(
            f"{key} = {number:g}" for key, number in value.items() if isinstance(number, int | float)
        )
        return plain(value or "–")
    if isinstance(value, bool):
        return localized(f"lab.with_{name}" if value else f"lab.without_{name}")
    return localized(f"lab.differs_{name}", value=value if isinstance(value, str) else str(value))


def remedies(verdict: Verdict, ran: Any) -> list[dict[str, Any]]:
    """Each remedy: its code, its sentence, and what it changes; nothing where that is not for a button."""
    return [
        {
            "code": remedy.code,
            "text": in_each_language(lambda remedy=remedy: remedy.text),  # type: ignore[misc]
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
    changes = {name: value for name, value in change.items() if name in ALIKE and name not in left_out}
    method = change.get("method")
    if isinstance(method, Mapping):
        grids = method["exhaustive"].items()
        changes["grid"] = {
            name: [grid[0], grid[-1], grid[1] - grid[0]] for name, grid in grids if len(grid) > 1
        }
        return changes
    if method == "auto":
        if ran.objective is None or ran.solution is None:
            return None
        found = ran.solution.recipe.with_(method="auto", learning_rate="auto", batch_size=None, order=None)
        method = found.method_for(ran.objective).name
    if method is not None:
        named = Settings.from_recipe(ran.solution.recipe.with_(method=METHODS[method]()), method)
        changes = {"direction": named.direction, "rows": named.rows, **changes}
    if "learning_rate" in changes:
        changes["schedule"] = "constant"
    elif method is not None and method in ("lbfgs", "newton", "closed_form"):
        changes |= {"learning_rate": "auto", "schedule": "constant"}
    return changes
