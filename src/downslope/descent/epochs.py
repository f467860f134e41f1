"""Whole passes over the rows by compiled sweeps: one step of the trace for each."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ..kernels import ring, rows, sparse_sweeps, sweeps
from ..kernels.compiled import WORTH_COMPILING, compiled
from ..kernels.ring import PLACES
from ..kernels.threads import helped
from .directions import DirectionState, Steepest, has_kernel
from .rows import Batch
from .schedules import Schedule
from .state import State, step_of
from .steppers import Batches

PIECE = 2**17  # numbers that stay in a core's cache
STRETCH = 512  # pieces between looks at whether to go on


@dataclass(frozen=True)
class EpochResult:
    """What a pass made of some rows.  value, gradient: of its last update, as that found them."""

    weight: float  # of the rows, beside others'
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

    def rates(self, first: int, last: int) -> np.ndarray:
        """Of the updates first … last − 1, counted from its beginning."""
        numbers = np.arange(first, last)
        numbers = numbers if self.stride == 1 else (numbers * self.stride).astype(int)
        return np.asarray(self.rate.rates(self.updates + numbers, self.per_epoch, self.total), dtype=float)

    def run(self, pieces: Iterable[tuple], workspace: dict) -> EpochResult:
        """`pieces`: some rows in memory, and the order in which they are taken, one after the other.
        `workspace`: buffers for the rows, which are the same in every pass where they are all in memory."""
        theta, done = self.theta, 0
        ready: Callable = compiled if self.compiled else (lambda kernel: kernel)
        for term, order in pieces:
            if id(term) not in workspace:
                workspace.clear()
                workspace[id(term)] = _body(term, self.method.direction)(term, self, ready)
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
        self.workspace: dict = {}

    def step(self, state):
        objective = self.objective
        plan = EpochPlan(
            self.method, self.batch, self.rate, self.compiled, objective.l1, objective.l2, self.seed,
            self.per_epoch, self.per_epoch * self.epochs,
            state.point.theta, state.memory, state.epochs, state.updates,
        )  # fmt: skip
        made = objective.term.run_epoch(plan, self.workspace)
        with np.errstate(over="ignore", invalid="ignore"):
            point = objective.at(made.theta)
        before = point._replace(value=made.value, gradient=made.gradient)
        last = float(plan.rates(made.updates - 1, made.updates)[0])
        state = State(point, made.memory, state.epochs + 1, state.updates + made.updates)
        return state, step_of(state, made.rows, before, last)._replace(objective=point.value)


def compiles(objective, batch: Batch, epochs: int) -> bool:
    """Whether so many epochs are worth a compiled sweep, which adds in another order."""
    updates = epochs * batch.updates_in(objective.rows)
    work = updates * min(batch.size, objective.rows) * objective.size
    return not objective.tiny and work >= WORTH_COMPILING


def _body(term, direction) -> Callable:
    """What makes the pass over some rows."""
    if not (term.has_kernels and has_kernel(direction)):
        return _plain
    return _dense if term.dense else _sparse


def _plain(term, one: EpochPlan, ready: Callable) -> Callable:
    """A pass by NumPy, update by update, for a loss or a direction without a kernel."""

    def swept(order, learning, theta, memory):
        size, direction, done = one.batch.size, one.method.direction, memory.updates
        for update, t in enumerate(learning(0, -(-len(order) // size)).tolist()):
            value, gradient, _ = term.at(theta, order[update * size : (update + 1) * size])
            value += float(0.5 * one.l2 @ theta**2 + one.l1 @ np.abs(theta))
            gradient = gradient + one.l2 * theta
            theta = direction.move(theta, gradient, t, memory, one.l1)
        memory.updates = done  # `run` counts them
        return value, gradient, theta

    return swept


def _dense(term, plan: EpochPlan, ready: Callable) -> Callable:
    """A function that makes one pass over dense rows: (value, gradient, θ) of its last update."""
    (n, k), size, constants = term.Y.shape, plan.batch.size, plan.method.direction.constants
    q = term.X.shape[1] + term.intercept
    make, ahead, uncompiled = ready(sweeps.dense_pass), ready(ring.work_ahead), ready is not compiled
    plainly = True if uncompiled or k > 1 else None
    piece = min(n, max(1, PIECE // q // size) * size)
    space = np.empty((PLACES, piece, q)), np.empty((PLACES, piece, k)), np.empty((PLACES, piece))
    source = (term.X, term.Y, _share(term), term.standardise.center, _inverse(term.standardise))

    def swept(order, learning, theta, memory):
        for first in range(0, len(order), STRETCH * piece):
            part, done = order[first : first + STRETCH * piece], first // size
            with _helped(ahead, uncompiled, piece, source, part, space) as state:
                t = learning(done, done - (-len(part) // size))
                value, gradient, theta = make(
                    state, source, part, space, size, term.loss.kernel, theta, memory.vectors,
                    constants, t, memory.updates + done, plan.l1, plan.l2, plainly,
                )  # fmt: skip
        return value, gradient, theta

    return swept


def _sparse(term, plan: EpochPlan, ready: Callable) -> Callable:
    """The same over sparse rows."""
    X, (n, k), size, constants = term.X, term.Y.shape, plan.batch.size, plan.method.direction.constants
    q, uncompiled = X.shape[1] + term.intercept, ready is not compiled
    make, ahead = ready(sparse_sweeps.sparse_pass), ready(ring.work_ahead)
    prices = plan.l2[: q - term.intercept]
    steep = float(prices[0]) if (prices == prices[0]).all() else -1.0
    lengths = np.diff(X.indptr) + term.intercept
    mean = max(1, int(lengths.mean()))
    alone = k == 1 and size == 1 and isinstance(plan.method.direction, Steepest) and not plan.l1.any()
    # A piece that is not swept row by row begins with a look at all columns.
    piece = min(n, max(1, max(PIECE, 0 if alone else 2 * q) // mean // size) * size)
    free = q - 1 if term.intercept else -1
    source = (*rows.unsigned(X), term.Y, _share(term), _inverse(term.standardise), free)
    spaces: list[tuple] = []

    def space_for(order) -> tuple:
        """Places that hold the longest of its pieces."""
        most = int(np.add.reduceat(lengths[order], np.arange(0, len(order), piece)).max())
        if not spaces or spaces[0][1].shape[1] < most:
            most += most // 8
            spaces[:] = [(
                np.empty((PLACES, piece + 1), np.uint64), np.empty((PLACES, most), np.uint32),
                np.empty((PLACES, most)), np.empty((PLACES, piece, k)), np.empty((PLACES, piece)),
            )]  # fmt: skip
        return spaces[0]

    def swept(order, learning, theta, memory):
        theta, lived = theta.copy(), np.zeros(q, np.int64)
        t = learning(0, -(-len(order) // size))
        by_rows = alone and t.max() * plan.l2.max() <= sparse_sweeps.GENTLE
        behind = np.eye(1, sparse_sweeps.TERMS + 1)[0] if by_rows else np.empty(0)
        reach = np.zeros((sparse_sweeps.TERMS, 1 if by_rows else len(t) + 1))
        if not by_rows:
            ready(sparse_sweeps.reaches)(t, reach)
        space = space_for(order)
        for first in range(0, len(order), STRETCH * piece):
            part = order[first : first + STRETCH * piece]
            with _helped(ahead, uncompiled, piece, source, part, space) as state:
                value, gradient = make(
                    state, source, part, space, size, term.loss.kernel, theta, memory.vectors,
                    constants, t, reach, first // size, memory.updates, plan.l1, plan.l2, lived, steep,
                    behind,
                )  # fmt: skip
        return value, gradient, theta

    return swept


@contextmanager
def _helped(ahead: Callable, alone: bool, piece: int, source: tuple, order, space: tuple) -> Iterator:
    """The state of a ring that other cores fill with the pieces of `order` meanwhile."""
    state, pieces = ring.fresh(), -(-len(order) // piece)
    task = partial(ahead, state, pieces, source, order, space)
    with helped(task, partial(ring.close, state), 0 if alone else min(pieces, PLACES) - 1):
        yield state


def _share(term) -> np.ndarray:
    """The rows' weights over their mean, (n,); empty where all weigh the same."""
    return np.empty(0) if term.share is None else term.share


def _inverse(standardise) -> np.ndarray:
    """1/σ, (d,); empty where columns are as they are, which spares its reading."""
    return np.empty(0) if standardise.plain else 1.0 / standardise.width
