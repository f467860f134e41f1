"""How a run's training can be said again in a few lines, and what keeps its end from being the same."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...data import Dataset
from ...descent import directions, methods
from ...descent.methods import ClosedForm
from ...descent.schedules import Constant, Cosine, InverseScaling, Schedule
from ...errors import DownslopeError
from ..solution import Solution
from .reading import is_readable

NEWTON = directions.Newton | directions.Subsampled
FIRST_ORDER = directions.Steepest | directions.Momentum | directions.Nesterov
UNSURE = ("collinear", "separable")  # verdicts: other weights do as well


@dataclass(frozen=True)
class ScriptPlan:
    """How the script trains, and what keeps it from ending on the same weights."""

    solution: Solution
    way: str  # "closed_form", "loop", "newton" or "other"
    method: Any
    schedule: Schedule | None  # of a loop
    differs: tuple[str, ...]  # keys of sentences
    rows: Dataset | None = None  # that the script holds

    @property
    def loss(self) -> Any:
        return self.solution.recipe.loss

    @property
    def outputs(self) -> int:
        return self.solution.outputs

    @property
    def weighted(self) -> bool:
        """Whether rows differ in weight, by their own or by their class's."""
        return self.row_weights or self.class_weights is not None

    @property
    def class_weights(self) -> Any:
        return self.solution.recipe.class_weights

    @property
    def row_weights(self) -> bool:
        if self.rows is not None:
            return self.rows.weights is not None
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


def planned(solution: Solution, library: str, rows: Dataset | None = None) -> ScriptPlan:
    """The way that belongs to the run's method, in this library."""
    recipe = solution.recipe
    if recipe.loss.numpy_lines(solution.outputs) is None or recipe.loss.torch_line(solution.outputs) is None:
        raise DownslopeError("export.loss_without_lines", loss=recipe.loss.spec)
    chosen: Any = methods.by_name(solution.method) if recipe.method == "auto" else recipe.method
    method: Any = chosen.with_rows(recipe.batch_size, recipe.order).with_rate(recipe.learning_rate)
    if solution.constants:
        method = replace(method, direction=replace(method.direction, **solution.constants))
    schedule = _schedule(solution, method)
    if isinstance(method, ClosedForm):
        way = "closed_form"
    elif schedule is not None:
        direction = method.direction
        written = direction.equation is not None and (library == "numpy" or direction.equation.optimizer)
        steepest = isinstance(direction, directions.Steepest)
        written = written and schedule.lines
        way = "loop" if written and (steepest or not recipe.penalty.nonsmooth) else "other"
    else:
        newton = isinstance(method.direction, NEWTON) and recipe.loss.smooth
        way = "newton" if newton else "other"
    differs = {"loop": _of_loop, "newton": _of_newton}.get(way, lambda *_: [])(solution, method, library)
    if way == "other":
        differs.append("export.differs_method")
    if "validation" in solution.metrics:
        differs.append("export.differs_held_out")
    if rows is None and not is_readable(solution):
        differs.append("export.differs_source")
    if way != "loop" and solution.verdict.code in UNSURE:
        differs.append("export.differs_unsure")
    return ScriptPlan(solution, way, method, schedule, tuple(differs), rows)


def _of_newton(solution: Solution, method, library: str) -> list[str]:
    """Newton's search may halve otherwise: only the minimum itself is the same."""
    found = solution.verdict.code == "converged" and solution.recipe.loss.strictly_convex
    return [] if found else ["export.differs_search"]


def _of_loop(solution: Solution, method, library: str) -> list[str]:
    """What keeps a loop from the run's own updates."""
    differs, loss = [], solution.recipe.loss
    scaled = not isinstance(method.direction, FIRST_ORDER)  # by gradients, and Huber's first one is nearly 0
    if not loss.smooth or (scaled and loss.clipped):
        differs.append("export.differs_rounding")
    if method.full:
        closed = solution.trace.updates > solution.epochs  # by one step more
        return differs + ["export.differs_kink"] * (solution.recipe.penalty.nonsmooth and closed)
    if method.rows.random:
        return differs + ["export.differs_order"] * (library == "pytorch")
    weighted = solution.encoding is not None and solution.encoding.weights is not None
    return differs + ["export.differs_rows"] * (weighted and method.rows.order != "cyclic")


def _schedule(solution: Solution, method) -> Schedule | None:
    """The learning rates of a loop; those that "auto" stood for are read off the trace. None for a search."""
    if method.learning_rate is None or method.direction.chooses:
        return None
    if method.searches or getattr(method.direction, "beta", None) == "auto":  # FISTA's β starts again
        return None
    if isinstance(method.learning_rate, Schedule):
        return method.learning_rate
    if math.isnan(solution.recipe.loss.curvature_bound):  # "auto" was a search
        return None
    direction = method.direction
    shape: Schedule = Cosine(1.0)
    if isinstance(direction, FIRST_ORDER):
        shape = Constant(1.0) if method.full else InverseScaling(1.0)
        shape = shape if solution.recipe.loss.smooth else InverseScaling(1.0, 0.5)
    first = solution.trace[0]  # of a pass over batches: its last update
    per_epoch = 1 if method.full else first.step
    rates = shape.rates(np.array([first.step - 1]), per_epoch, per_epoch * solution.recipe.epochs)
    return replace(shape, rate=first.learning_rate / float(rates[0]))
