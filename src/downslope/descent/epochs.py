"""Whole passes over the rows by compiled sweeps: one step of the trace for each."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..kernels.compiled import WORTH_COMPILING, compiled
from .batching import Batch
from .directions import DirectionState, has_kernel
from .schedules import Schedule
from .state import State, step_of
from .steppers import Batches
from .stops import Epochs, NoProgress, Seconds


@dataclass(frozen=True)
class EpochResult:
    """What a pass made of some rows.  value, gradient: of its last update, as that found them."""

    weight: float  # of these rows, relative to those of other passes
    value: float
    gradient: np.ndarray
    theta: np.ndarray
    memory: DirectionState
    updates: int  # made
    rows: int  # of the last update

    def __add__(self, other: EpochResult) -> EpochResult:
        """Of two passes from the same θ, each over rows of its own: their mean, by the rows' weight. What
        both agree on is left as it is, to the last bit."""
        weight = self.weight + other.weight
        mean = lambda one, two: one + other.weight / weight * (two - one)
        with np.errstate(over="ignore", invalid="ignore"):
            vectors = mean(self.memory.vectors, other.memory.vectors)
            updates = max(self.memory.updates, other.memory.updates)
            return EpochResult(
                weight,
                mean(self.value, other.value),
                mean(self.gradient, other.gradient),
                mean(self.theta, other.theta),
                replace(self.memory, vectors=vectors, updates=updates),
                self.updates + other.updates,
                self.rows + other.rows,
            )


@dataclass(frozen=True)
class EpochPlan:
    """One pass over rows, from where a descent stands: plain data, so that any process can make it."""

    method: Any
    batch: Batch
    rate: Schedule
    compiled: bool
    l1: np.ndarray
    l2: np.ndarray
    seed: int
    per_epoch: int  # updates
    total: int
    theta: np.ndarray
    memory: DirectionState
    epoch: int
    updates: int  # made before it
    stride: float = 1.0  # how far one update goes on in the schedule
    weight: float = 1.0

    def alone(self, rows: int, weight: float) -> EpochPlan:
        """The same over some of the rows, while others make theirs: the schedule goes as far as over all."""
        stride = self.per_epoch / self.batch.updates_in(rows)
        memory = copy.deepcopy(self.memory)  # kernels write into it
        return replace(self, stride=stride, weight=weight, memory=memory)

    @property
    def has_kernel(self) -> bool:
        """Whether compiled loops know the direction."""
        return has_kernel(self.method.direction)

    def rates(self, first: int, last: int) -> np.ndarray:
        """Of the updates first … last − 1, counted from its beginning."""
        numbers = np.arange(first, last)
        numbers = numbers if self.stride == 1 else (numbers * self.stride).astype(int)
        numbers += self.updates
        return np.asarray(self.rate.rates(numbers, self.per_epoch, self.total), dtype=float)

    def run(self, pieces: Iterable[tuple], workspace: dict) -> EpochResult:
        """`pieces`: some rows in memory, and the order in which they are taken, one after the other.
        `workspace`: buffers for the rows, which are the same in every pass where they are all in memory."""
        theta, done = self.theta, 0
        ready: Callable = compiled if self.compiled else (lambda kernel: kernel)
        for term, order in pieces:
            if id(term) not in workspace:
                workspace.clear()
                workspace[id(term)] = term.epoch_body(self, ready)
            with np.errstate(over="ignore", invalid="ignore"):
                sweep, learning = workspace[id(term)], _from(self.rates, done)
                value, gradient, theta = sweep(order, learning, theta, self.memory)
            updates = -(-len(order) // self.batch.size)
            self.memory.updates += updates
            done += updates
        rows = min(self.batch.size, len(order))
        return EpochResult(self.weight, float(value), gradient, theta, self.memory, done, rows)


def _from(rates: Callable, done: int) -> Callable:
    return lambda first, last: rates(done + first, done + last)


class Passes(Batches):
    """A pass a step, by compiled kernels. It is cut into pieces, and rows that are not in memory come some at
    a time. While one is swept, other cores bring the rows of the next together (see kernels/ring.py): what is
    done to a row never depends on who does it."""

    def __init__(self, objective, method, rate, stop, seed=0):
        super().__init__(objective, method, rate, stop, seed)
        self.compiled = compiles(objective, self.batch, self.epochs)
        # Between two passes nothing but a stop, or a gap, needs the gradient.
        plain = all(isinstance(part, Epochs | NoProgress | Seconds) for part in stop.parts())
        kernels = objective.linear_rows and objective.whole and objective.term.compiled
        self.by_value = kernels and plain and self.epochs < 128 and not objective.l2.all()
        self.workspace: dict = {}

    def step(self, state):
        objective = self.objective
        plan = EpochPlan(
            self.method, self.batch, self.rate, self.compiled, objective.l1, objective.l2, self.seed,
            self.per_epoch, self.per_epoch * self.epochs,
            state.point.theta, state.memory, state.epochs, state.updates,
        )  # fmt: skip
        made = objective.term.run_epoch(plan, self.workspace)
        last = state.epochs + 1 == self.epochs
        with np.errstate(over="ignore", invalid="ignore"):
            of = objective.value_of_rows if self.by_value and not last else objective.value_and_gradient
            point = of(made.theta)
        before = point._replace(value=made.value, gradient=made.gradient)
        rate = float(plan.rates(made.updates - 1, made.updates)[0])
        state = State(point, made.memory, state.epochs + 1, state.updates + made.updates)
        return state, step_of(state, made.rows, before, rate)._replace(objective=point.value)

    def stored(self, state):
        if state.point.gradient is None:
            state = state._replace(point=self.objective.value_and_gradient(state.point.theta))
        return super().stored(state)


def compiles(objective, batch: Batch, epochs: int) -> bool:
    """Whether so many epochs are worth a compiled sweep, which adds in another order."""
    updates = epochs * batch.updates_in(objective.rows)
    work = updates * min(batch.size, objective.rows) * objective.size
    return not objective.sequential and work >= WORTH_COMPILING
