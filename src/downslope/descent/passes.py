"""Whole passes over the rows by compiled sweeps: one step of the trace for each."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from ..kernels import ring, rows, sparse_sweeps, sweeps
from ..kernels.compiled import WORTH_COMPILING, compiled
from ..kernels.ring import PLACES
from ..kernels.threads import helped
from . import rates
from .directions import Memory, Steepest
from .methods import Method
from .rows import Batch
from .schedules import Schedule
from .state import State, entry, epochs_of
from .stops import Stop

PIECE = 2**17  # numbers that stay in a core's cache
STRETCH = 512  # pieces between looks at whether to go on


@dataclass(frozen=True)
class Swept:
    """What a pass made of some rows.  value, gradient: of its last update, as that found them."""

    weight: float  # of the rows, beside others'
    value: float
    gradient: np.ndarray
    theta: np.ndarray
    memory: Memory
    updates: int  # made
    rows: int  # of the last update

    def __add__(self, other: Swept) -> Swept:
        """Of two passes from the same place, each over rows of its own: their mean, by the rows' weight. What
        both agree on is kept to the last bit."""
        weight = self.weight + other.weight
        mean = lambda one, two: one + other.weight / weight * (two - one)
        with np.errstate(over="ignore", invalid="ignore"):
            vectors = mean(self.memory.vectors, other.memory.vectors)
            updates = max(self.memory.updates, other.memory.updates)
            return Swept(
                weight,
                mean(self.value, other.value),
                mean(self.gradient, other.gradient),
                mean(self.theta, other.theta),
                replace(self.memory, vectors=vectors, updates=updates),
                self.updates + other.updates,
                self.rows + other.rows,
            )


@dataclass(frozen=True)
class Pass:
    """One pass over rows, from where a descent stands: plain data, so that any process can make it."""

    method: Method
    batch: Batch
    rate: Schedule
    compiled: bool
    l1: np.ndarray
    l2: np.ndarray
    seed: int
    per_epoch: int  # updates
    total: int
    theta: np.ndarray
    memory: Memory
    epoch: int
    updates: int  # made before it
    stride: float = 1.0  # how far one update goes on in the schedule
    weight: float = 1.0
    kept: dict = field(default_factory=dict)  # by what is swept: rows in memory are the same at every pass

    def alone(self, rows: int, weight: float) -> Pass:
        """The same over some of the rows, beside others: the schedule goes as far as over all of them."""
        stride = self.per_epoch / self.batch.updates_in(rows)
        memory = copy.deepcopy(self.memory)  # kernels write into it
        return replace(self, stride=stride, weight=weight, memory=memory, kept={})

    def rates(self, first: int, last: int) -> np.ndarray:
        """Of the updates first … last − 1, counted from its beginning."""
        numbers = np.arange(first, last)
        numbers = numbers if self.stride == 1 else (numbers * self.stride).astype(int)
        return np.asarray(self.rate.rates(self.updates + numbers, self.per_epoch, self.total), dtype=float)

    def over(self, pieces: Iterable[tuple]) -> Swept:
        """`pieces`: some rows in memory, and the order in which they are taken, one after the other."""
        theta, done = self.theta, 0
        ready: Callable = compiled if self.compiled else (lambda kernel: kernel)
        for term, order in pieces:
            if id(term) not in self.kept:
                self.kept.clear()
                self.kept[id(term)] = (_dense if term.dense else _sparse)(term, self, ready)
            with np.errstate(over="ignore", invalid="ignore"):
                sweep, learning = self.kept[id(term)], _from(self.rates, done)
                value, gradient, theta = sweep(order, learning, theta, self.memory)
            updates = -(-len(order) // self.batch.size)
            self.memory.updates += updates
            done += updates
        rows = min(self.batch.size, len(order))
        return Swept(self.weight, float(value), gradient, theta, self.memory, done, rows)


def _from(rates: Callable, done: int) -> Callable:
    return lambda first, last: rates(done + first, done + last)


def passes(objective, method: Method, batch: Batch, state: State, stop: Stop, seed: int) -> Iterator[tuple]:
    """A pass is cut into pieces, and rows that are not in memory come some at a time. While one is swept,
    other cores bring the rows of the next together (see kernels/ring.py): what is done to a row never
    depends on who does it."""
    per_epoch, epochs = batch.updates_in(objective.rows), epochs_of(stop)
    begun = Pass(
        method, batch, rates.resolved(method, objective), compiles(objective, batch, epochs),
        objective.l1, objective.l2, seed, per_epoch, per_epoch * epochs,
        state.theta, state.memory, state.epochs, state.updates,
    )  # fmt: skip
    while True:
        memory, epoch, updates = state.memory, state.epochs, state.updates
        one = replace(begun, theta=state.theta, memory=memory, epoch=epoch, updates=updates)
        swept = objective.term.swept(one)
        state.theta, state.memory = swept.theta, swept.memory
        state.updates += swept.updates
        state.epochs += 1
        with np.errstate(over="ignore", invalid="ignore"):
            point = objective.at(swept.theta)
        looked = point._replace(value=swept.value, gradient=swept.gradient)
        last = float(one.rates(swept.updates - 1, swept.updates)[0])
        step = entry(state, swept.rows, looked, last)
        yield step._replace(objective=point.value), point, True


def compiles(objective, batch: Batch, epochs: int) -> bool:
    """Whether so many epochs are worth a compiled sweep, which adds in another order."""
    updates = epochs * batch.updates_in(objective.rows)
    work = updates * min(batch.size, objective.rows) * objective.size
    return not objective.tiny and work >= WORTH_COMPILING


def _dense(term, one: Pass, ready: Callable) -> Callable:
    """A function that makes one pass over dense rows: (value, gradient, θ) of its last update."""
    (n, k), size, constants = term.Y.shape, one.batch.size, one.method.direction.constants
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
                    constants, t, memory.updates + done, one.l1, one.l2, plainly,
                )  # fmt: skip
        return value, gradient, theta

    return swept


def _sparse(term, one: Pass, ready: Callable) -> Callable:
    """The same over sparse rows."""
    X, (n, k), size, constants = term.X, term.Y.shape, one.batch.size, one.method.direction.constants
    q, uncompiled = X.shape[1] + term.intercept, ready is not compiled
    make, ahead = ready(sparse_sweeps.sparse_pass), ready(ring.work_ahead)
    prices = one.l2[: q - term.intercept]
    steep = float(prices[0]) if (prices == prices[0]).all() else -1.0
    lengths = np.diff(X.indptr) + term.intercept
    mean = max(1, int(lengths.mean()))
    alone = k == 1 and size == 1 and isinstance(one.method.direction, Steepest) and not one.l1.any()
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
        by_rows = alone and t.max() * one.l2.max() <= sparse_sweeps.GENTLE
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
                    constants, t, reach, first // size, memory.updates, one.l1, one.l2, lived, steep, behind,
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
