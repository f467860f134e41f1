"""Whole passes over the rows by compiled sweeps: one step of the trace for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from ..kernels import rows, sparse_sweeps, sweeps
from ..kernels.compiled import WORTH_COMPILING, compiled
from ..kernels.threads import ahead
from . import rates
from .methods import Method
from .rows import Batch
from .state import State, entry, epochs_of
from .stops import Stop

PIECE = 2**17  # numbers that stay in a core's cache
SLOTS = 4  # pieces under way


def passes(objective, method: Method, batch: Batch, state: State, stop: Stop, seed: int) -> Iterator[tuple]:
    """A pass is cut into pieces, and rows that are not in memory come some at a time. While one is swept,
    other cores bring the rows of the next together: what is done to a row never depends on who does it."""
    rate = rates.resolved(method, objective)
    per_epoch = batch.updates_in(objective.rows)
    total = per_epoch * epochs_of(stop)
    ready: Callable = compiled if compiles(objective, batch, epochs_of(stop)) else (lambda kernel: kernel)
    learning = lambda first, last: np.asarray(  # rates of the updates first … last − 1, counted from here
        rate.rates(np.arange(state.updates + first, state.updates + last), per_epoch, total), dtype=float
    )
    swept: dict[int, Callable] = {}  # by what is swept: rows in memory are the same ones at every pass
    while True:
        theta = state.theta
        for term, order in objective.term.pieces(batch, state.epochs, seed):
            if id(term) not in swept:
                swept = {id(term): (_dense if term.dense else _sparse)(term, objective, method, batch, ready)}
            with np.errstate(over="ignore", invalid="ignore"):
                value, gradient, theta = swept[id(term)](order, learning, theta, state.memory)
            updates = -(-len(order) // batch.size)
            state.memory.updates += updates
            state.updates += updates
        state.epochs += 1
        state.theta = theta
        with np.errstate(over="ignore", invalid="ignore"):
            point = objective.at(theta)
        looked = point._replace(value=float(value), gradient=gradient)
        last = float(learning(-1, 0)[0])
        step = entry(state, min(batch.size, len(order)), looked, last)
        yield step._replace(objective=point.value), point, True


def compiles(objective, batch: Batch, epochs: int) -> bool:
    """Whether so many epochs are worth a compiled sweep, which adds in another order."""
    updates = epochs * batch.updates_in(objective.rows)
    work = updates * min(batch.size, objective.rows) * objective.size
    return not objective.tiny and work >= WORTH_COMPILING


def _dense(term, objective, method: Method, batch: Batch, ready: Callable) -> Callable:
    """A function that makes one pass over dense rows: (value, gradient, θ) of its last update."""
    n, k = term.Y.shape
    q = term.X.shape[1] + term.intercept
    fetch = ready(rows.fetch)
    sweep = ready(sweeps.sweep if k > 1 or ready is not compiled else sweeps.single_sweep)
    size = min(n, max(1, PIECE // q // batch.size) * batch.size)
    slots = [(np.empty((size, q)), np.empty((size, k)), np.empty(size)) for _ in range(SLOTS)]
    share = np.empty(0) if term.share is None else term.share
    center, inverse = term.standardise.center, 1.0 / term.standardise.width

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
                method.direction.constants, t, memory.updates + done, objective.l1, objective.l2,
            )  # fmt: skip
        return value, gradient, theta

    return swept


def _sparse(term, objective, method: Method, batch: Batch, ready: Callable) -> Callable:
    """The same over sparse rows."""
    X, (n, k) = term.X, term.Y.shape
    q = X.shape[1] + term.intercept
    kernels = sparse_sweeps
    fetch, sweep, reaches = map(ready, (kernels.sparse_fetch, kernels.sparse_sweep, kernels.reaches))
    share = np.empty(0) if term.share is None else term.share
    inverse = np.empty(0) if term.standardise.plain else 1.0 / term.standardise.width
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
                np.empty(size + 1, np.int64), np.empty(many + many // 8, np.uint32),
                np.empty(many + many // 8), np.empty((size, k)), np.empty(size),
            )  # fmt: skip
        ends, places, numbers, Y, weights = slots[slot]
        Y, weights = Y[: len(part)], weights[: len(part)]
        fetch(
            X.data, X.indices, X.indptr, term.Y, share, part, inverse, q - 1 if term.intercept else -1,
            ends, places, numbers, Y, weights,
        )  # fmt: skip
        return ends, places, numbers, Y, weights if len(share) else share, first // batch.size

    def swept(order, learning, theta, memory):
        theta = theta.copy()
        t = learning(0, -(-len(order) // batch.size))
        reach = np.zeros((kernels.TERMS, len(t) + 1))
        reaches(t, reach)
        lived = np.zeros(q, np.int64)
        for ends, places, numbers, Y, weights, done in ahead(
            partial(piece, order), range(0, len(order), size), SLOTS
        ):
            value, gradient = sweep(
                ends, places, numbers, Y, weights, batch.size, term.loss.constants, theta, memory.vectors,
                method.direction.constants, t, reach, done, memory.updates, objective.l1, objective.l2, lived,
            )  # fmt: skip
        return value, gradient, theta

    return swept
