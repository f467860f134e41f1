"""Whole passes over the rows by compiled sweeps: one step of the trace for each."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from ..kernels import rows, sparse_sweeps, sweeps
from ..kernels.compiled import WORTH_COMPILING, compiled
from ..kernels.threads import ahead
from . import rates
from .directions import Memory, Steepest
from .methods import Method
from .rows import Batch
from .schedules import Schedule
from .state import State, entry, epochs_of
from .stops import Stop

PIECE = 2**17  # numbers that stay in a core's cache
SLOTS = 4  # pieces under way


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
    other cores bring the rows of the next together: what is done to a row never depends on who does it."""
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
    (n, k), batch, constants = term.Y.shape, one.batch, one.method.direction.constants
    q = term.X.shape[1] + term.intercept
    fetch = ready(rows.fetch)
    sweep = ready(sweeps.sweep if k > 1 or ready is not compiled else sweeps.single_sweep)
    size = min(n, max(1, PIECE // q // batch.size) * batch.size)
    slots = [(np.empty((size, q)), np.empty((size, k)), np.empty(size)) for _ in range(SLOTS)]
    share = np.empty(0) if term.share is None else term.share
    center, inverse = term.standardise.center, _inverse(term.standardise)

    def piece(order, learning, first, slot):
        part = order[first : first + size]
        fetched = [space[: len(part)] for space in slots[slot]]
        fetch(term.X, term.Y, share, part, center, inverse, *fetched)
        done = first // batch.size
        fetched[2] = fetched[2] if len(share) else share
        return *fetched, learning(done, done + -(-len(part) // batch.size)), done

    def swept(order, learning, theta, memory):
        task = partial(piece, order, learning)
        for X, Y, weights, t, done in ahead(task, range(0, len(order), size), SLOTS):
            value, gradient, theta = sweep(
                X, Y, weights, batch.size, term.loss.constants, theta, memory.vectors,
                constants, t, memory.updates + done, one.l1, one.l2,
            )  # fmt: skip
        return value, gradient, theta

    return swept


def _inverse(standardise) -> np.ndarray:
    """1/σ, (d,); empty where columns are as they are, which spares its reading."""
    return np.empty(0) if standardise.plain else 1.0 / standardise.width


def _sparse(term, one: Pass, ready: Callable) -> Callable:
    """The same over sparse rows."""
    X, (n, k), batch, constants = term.X, term.Y.shape, one.batch, one.method.direction.constants
    q = X.shape[1] + term.intercept
    kernels = sparse_sweeps
    fetch, sweep, reaches = map(ready, (kernels.sparse_fetch, kernels.sparse_sweep, kernels.reaches))
    row_by_row, catch_up = map(ready, (kernels.sparse_row_by_row, kernels.catch_up))
    share = np.empty(0) if term.share is None else term.share
    inverse = _inverse(term.standardise)
    prices = one.l2[: q - term.intercept]
    steep = float(prices[0]) if (prices == prices[0]).all() else -1.0
    lengths = np.diff(X.indptr) + term.intercept
    mean = max(1, int(lengths.mean()))
    # Every piece ends with a look at all columns, which must be little beside its numbers.
    size = min(n, max(1, max(PIECE, 2 * q) // mean // batch.size) * batch.size)
    slots: list[tuple] = [()] * SLOTS

    def piece(order, first, slot):
        part = order[first : first + size]
        many = int(lengths[part].sum())
        if not slots[slot] or len(slots[slot][1]) < many:
            slots[slot] = (
                np.empty(size + 1, np.uint64), np.empty(many + many // 8, np.uint32),
                np.empty(many + many // 8), np.empty((size, k)), np.empty(size),
            )  # fmt: skip
        ends, places, numbers, Y, weights = slots[slot]
        Y, weights = Y[: len(part)], weights[: len(part)]
        fetch(
            *rows.unsigned(X), term.Y, share, part, inverse, q - 1 if term.intercept else -1,
            ends, places, numbers, Y, weights,
        )  # fmt: skip
        return ends, places, numbers, Y, weights if len(share) else share, first // batch.size

    def swept(order, learning, theta, memory):
        theta = theta.copy()
        t = learning(0, -(-len(order) // batch.size))
        lived = np.zeros(q, np.int64)
        alone = k == 1 and batch.size == 1 and isinstance(one.method.direction, Steepest) and not one.l1.any()
        alone = alone and t.max() * one.l2.max() <= kernels.GENTLE
        reach = np.zeros((kernels.TERMS, 1 if alone else len(t) + 1))
        if not alone:
            reaches(t, reach)
        behind = np.eye(1, kernels.TERMS + 1)[0]
        for ends, places, numbers, Y, weights, done in ahead(
            partial(piece, order), range(0, len(order), size), SLOTS
        ):
            if alone:  # all rows but the last, whose value and gradient are looked at
                many = len(Y) - (done + len(Y) == len(t))
                row_by_row(
                    ends, places, numbers, Y[:many], weights, term.loss.constants, theta, t[done:], one.l2,
                    steep, term.intercept, behind,
                )  # fmt: skip
                if many == len(Y):
                    continue
                catch_up(theta, one.l2, steep, term.intercept, behind)
                ends, Y, weights, done = ends[many:], Y[many:], weights[many:], done + many
                lived[:] = done
            value, gradient = sweep(
                ends, places, numbers, Y, weights, batch.size, term.loss.constants, theta, memory.vectors,
                constants, t, reach, done, memory.updates, one.l1, one.l2, lived,
            )  # fmt: skip
        return value, gradient, theta

    return swept
