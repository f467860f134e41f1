"""Steppers that do not descend: one solve, every combination tried, the update to a minimum that is known.

Each is its own monitor: nothing can diverge, and the end is known beforehand.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .monitor import result_at, stationarity
from .state import Result, State
from .stops import Reason
from .trace import Step


class Direct:
    """A stepper that is its own monitor. It ends after `total` steps, and there is nothing to go on from."""

    storable, total = False, 1

    def __init__(self, objective, reason: Reason | None = None):
        self.objective, self.reason = objective, reason
        self.began, self.done = 0.0, 0

    def init(self, start, after=None) -> State:
        return State(None, None)

    def monitor(self, stage, state: State, began: float):
        self.began, self.done = began, stage.done
        return self

    def begin(self, state: State) -> Reason | None:
        return None

    def look(self, state: State, step: Step) -> tuple[Step, Reason | None]:
        return step, self.reason if state.updates == self.total else None

    def interrupted(self, state: State) -> Reason:
        """The answer is there already; before that, Ctrl-C ends it without one."""
        if not state.updates:
            raise KeyboardInterrupt
        assert self.reason is not None
        return self.reason

    def judged(self, state: State, reason: Reason) -> Reason:
        return reason

    def end(self, state: State, reason: Reason):
        return state.point

    def closes(self, reason: Reason, state: State) -> bool:
        return False

    def _only_step(self, before, end, gap=None) -> tuple[State, Step]:
        """The step from one point to the answer."""
        norm, params = math.sqrt(float(before.gradient @ before.gradient)), self.objective.to_user(end.theta)
        found = before.value, norm, math.nan, params, end.value, None, before.gradient, gap
        seconds = time.perf_counter() - self.began
        return State(end, None, 1, 1), Step(self.done + 1, self.done, self.objective.rows, seconds, *found)


class Solve(Direct):
    """The minimum of a squared loss by one solve."""

    def step(self, state):
        objective = self.objective
        found, zero = objective.solved(), np.zeros(objective.size)
        evaluate = objective.value_and_gradient
        seen = found.seen is not None
        end = objective.with_penalty(found.theta, *found.seen) if seen else evaluate(found.theta)
        first = objective.extrapolate(end, zero) if worth_reducing(objective) else evaluate(zero)
        numbers: dict[str, Any] = {name: getattr(found, name) for name in ("rank", "columns", "condition")}
        if found.dependent:
            k = objective.term.outputs
            numbers["dependent"] = [objective.names[j * k] for j in found.dependent]
        self.reason = Reason("closed_form", numbers)
        return self._only_step(first, end)

    def result(self, state, reason, end) -> Result:
        return replace(result_at(self.objective, end, reason, math.inf), epochs=1)


@dataclass(frozen=True)
class Crossover:
    """A method of one update: from the point `before` to the known minimum of a loss with a kink."""

    before: Any
    minimum: Any
    gap: float
    reason: Reason

    def on(self, objective, stop, seed: int = 0) -> Cross:
        return Cross(objective, self)


class Cross(Direct):
    """The one step of a `Crossover`."""

    def __init__(self, objective, known: Crossover):
        super().__init__(objective, known.reason)
        self.known = known

    def step(self, state):
        return self._only_step(self.known.before, self.known.minimum, self.known.gap)

    def result(self, state, reason, end) -> Result:
        params, gap = self.objective.to_user(end.theta), self.known.gap
        certificate = stationarity(self.objective, end.theta, end.gradient)
        return Result(reason, params, end.value, self.done + 1, certificate, cached=end.cached, gap=gap)


class EveryCombination(Direct):
    """A step for each combination of a grid: loss is F there, and nothing is learned from it."""

    def __init__(self, objective, method):
        self.places = [j for j, name in enumerate(objective.names) if name in method.grid]
        self.every = np.array(list(method.combinations(objective.names)), dtype=float)  # (m, 1 to 3)
        self.total = len(self.every)
        super().__init__(objective, Reason("exhausted", {"tried": self.total}))
        self.start = self.best = np.empty(0)  # the best of those that were tried
        self.least = math.inf
        self.ahead: list[tuple[np.ndarray, float]] = []  # the next ones, the last first

    def init(self, start, after=None):
        self.start = self.best = start
        return super().init(start)

    def step(self, state):
        if not self.ahead:
            self._evaluate(state.updates)
        row, loss = self.ahead.pop()
        if loss < self.least:
            self.best, self.least = row, loss
        seconds = time.perf_counter() - self.began
        updates = state.updates + 1
        step = Step(updates, 0, self.objective.rows, seconds, loss, math.nan, math.nan, row)
        return State(None, None, 0, updates), step

    def _evaluate(self, first: int) -> None:
        """F at the next 4,096 combinations."""
        part = self.every[first : first + 4096]
        params = np.tile(self.start, (len(part), 1))
        params[:, self.places] = part
        losses = self.objective.values(np.array([self.objective.to_inner(row) for row in params]))
        self.ahead = list(zip(params, losses.tolist()))[::-1]

    def interrupted(self, state):
        return Reason("interrupted", {"epochs": 0, "tried": state.updates})

    def end(self, state, reason):
        return self.objective.value_and_gradient(self.objective.to_inner(self.best))

    def result(self, state, reason, end) -> Result:
        found = result_at(self.objective, end, reason, state.updates)
        return replace(found, params=self.best, epochs=1)


def worth_reducing(objective) -> bool:
    """Whether F from its moments costs less than F from its rows: n ≫ d, and more than a few rows."""
    columns = objective.term.inputs
    return not objective.sequential and objective.rows > 4 * columns and columns <= 1000
