"""How a run's training can be said again in a few lines, and what keeps it from ending on the same weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...descent import directions, methods
from ...descent.methods import ClosedForm, Exhaustive, Method
from ...descent.schedules import Constant, Cosine, InverseScaling, Schedule
from ..solution import Solution

PLAIN_TEXT = (".csv", ".tsv", ".txt")
ONE_MINIMUM = ("squared", "log", "poisson")  # losses that curve everywhere
UNSURE = ("collinear", "separable", "validation", "interrupted", "rounded")  # verdicts: other weights do too


@dataclass(frozen=True)
class Plan:
    """How the script trains, and what keeps it from ending on the same weights."""

    solution: Solution
    way: str  # "closed_form", "loop", "newton" or "other"
    method: Any
    schedule: Schedule | None  # of a loop
    differs: tuple[str, ...]  # keys of sentences

    @property
    def loss(self) -> Any:
        return self.solution.recipe.loss

    @property
    def outputs(self) -> int:
        return self.solution.outputs

    @property
    def weighted(self) -> bool:
        encoding = self.solution.encoding
        return encoding is not None and encoding.weights is not None

    @property
    def ridge(self) -> float:
        """The price of ½w²."""
        return self.solution.recipe.alpha * self.solution.recipe.penalty.l2

    @property
    def lasso(self) -> float:
        """The price of |w|."""
        return self.solution.recipe.alpha * self.solution.recipe.penalty.l1

    @property
    def start(self) -> np.ndarray | None:
        """Where the descent began, in the units of the data, (d + 1, k); None for zeros."""
        start = self.solution.trace.start.reshape(-1, self.outputs)
        return start if start.any() else None


def planned(solution: Solution, library: str) -> Plan:
    """The way that belongs to the run's method, in this library."""
    recipe = solution.recipe
    method = methods.by_name(solution.method) if recipe.method == "auto" else recipe.method
    method = method.with_rows(recipe.batch_size, recipe.order).with_rate(recipe.learning_rate)
    schedule = _schedule(solution, method)
    kinked = recipe.penalty.kinked
    differs = []
    if isinstance(method, ClosedForm):
        way = "closed_form"
    elif isinstance(method, Method) and isinstance(method.direction, directions.Newton) and schedule is None:
        way = "newton" if recipe.loss.smooth else "other"
        if way == "newton" and not (solution.verdict.code == "converged" and recipe.loss.name in ONE_MINIMUM):
            differs.append("export.differs_search")
    elif schedule is None or (kinked and not isinstance(method.direction, directions.Steepest)):
        way = "other"
    else:
        way = "loop"
        drawn = not method.full and method.rows.order in ("shuffle", "replacement")
        if not recipe.loss.smooth:
            differs.append("export.differs_rounding")
        if kinked and method.full:
            differs.append("export.differs_kink")
        if drawn and library == "pytorch":
            differs.append("export.differs_order")
        if (
            not method.full
            and not isinstance(method.rows.order, str)
            and solution.encoding
            and solution.encoding.weights
        ):
            differs.append("export.differs_rows")
    if way == "other":
        differs.append("export.differs_method")
    if "validation" in solution.metrics:
        differs.append("export.differs_held_out")
    if Path(solution.source).suffix.lower() not in PLAIN_TEXT:
        differs.append("export.differs_source")
    if solution.verdict.code in UNSURE:
        differs.append("export.differs_unsure")
    return Plan(solution, way, method, schedule, tuple(differs))


def _schedule(solution: Solution, method) -> Schedule | None:
    """The learning rates of a loop; those that "auto" stood for are read off the trace. None for a search."""
    if isinstance(method, ClosedForm | Exhaustive) or isinstance(method.direction, directions.Chooser):
        return None
    if getattr(method.direction, "beta", None) == "auto" or isinstance(method.learning_rate, Schedule):
        return (
            method.learning_rate
            if isinstance(method.learning_rate, Schedule) and not _grows(method)
            else None
        )
    if method.searches or solution.recipe.loss.name == "poisson":
        return None
    first = solution.trace[0]  # of a pass over batches, the rate of its last update is told
    updates, per_epoch = first.step, 1 if method.full else first.step
    first_order = isinstance(
        method.direction, directions.Steepest | directions.Momentum | directions.Nesterov
    )
    shape: Schedule
    if not first_order:
        shape = Cosine(1.0)
    elif not solution.recipe.loss.smooth:
        shape = InverseScaling(1.0, 0.5)
    else:
        shape = Constant(1.0) if method.full else InverseScaling(1.0)
    total = per_epoch * solution.recipe.epochs
    told = float(shape.rates(np.array([updates - 1]), per_epoch, total)[0])
    return replace(shape, rate=first.learning_rate / told)


def _grows(method) -> bool:
    """Whether the momentum is FISTA's, which grows and starts again."""
    return getattr(method.direction, "beta", None) == "auto"
