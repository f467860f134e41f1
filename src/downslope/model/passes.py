"""One pass of a stochastic method over rows in memory: by compiled kernels, or by NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np

from ..kernels import gather, ring, sparse_sweeps, sweeps
from ..kernels.compiled import compiled
from ..kernels.ring import PLACES
from ..kernels.threads import with_helpers
from ..kernels.updates import STEEPEST
from .summing import share_of

PIECE = 2**17  # numbers that stay in a core's cache
STRETCH = 512  # pieces between looks at whether to go on


def body(term, plan, ready: Callable) -> Callable:
    """(order, learning rates, θ, memory) ↦ (value, gradient, θ) of the last update of a pass over these rows.
    `ready` compiles a kernel, or leaves it as it is; `plan` is a `descent.epochs.EpochPlan`."""
    if not (term.has_kernels and plan.has_kernel):
        return _plain(term, plan)
    return (_dense if term.dense else _sparse)(term, plan, ready)


def _plain(term, plan) -> Callable:
    """A pass by NumPy, update by update, for a loss or a direction without a kernel."""

    def swept(order, learning, theta, memory):
        size, direction, done = plan.batch.size, plan.method.direction, memory.updates
        for update, t in enumerate(learning(0, -(-len(order) // size)).tolist()):
            value, gradient, _ = term.value_and_gradient(theta, order[update * size : (update + 1) * size])
            value += float(0.5 * plan.l2 @ theta**2 + plan.l1 @ np.abs(theta))
            gradient = gradient + plan.l2 * theta
            theta = direction.move(theta, gradient, t, memory, plan.l1)
        memory.updates = done  # `run` counts them
        return value, gradient, theta

    return swept


def _dense(term, plan, ready: Callable) -> Callable:
    """Over dense rows."""
    (n, k), size, constants = term.Y.shape, plan.batch.size, plan.method.direction.constants
    q = term.X.shape[1] + term.intercept
    make, ahead, uncompiled = ready(sweeps.dense_pass), ready(ring.work_ahead), ready is not compiled
    plainly = True if uncompiled or k > 1 else None
    piece = min(n, max(1, PIECE // q // size) * size)
    space = np.empty((PLACES, piece, q)), np.empty((PLACES, piece, k)), np.empty((PLACES, piece))
    source = (term.X, term.Y, share_of(term), term.standardise.center, _inverse(term.standardise))

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


def _sparse(term, plan, ready: Callable) -> Callable:
    """Over sparse rows."""
    X, (n, k), size, constants = term.X, term.Y.shape, plan.batch.size, plan.method.direction.constants
    q, uncompiled = X.shape[1] + term.intercept, ready is not compiled
    make, ahead = ready(sparse_sweeps.sparse_pass), ready(ring.work_ahead)
    prices = plan.l2[: q - term.intercept]
    steep = float(prices[0]) if (prices == prices[0]).all() else -1.0
    lengths = np.diff(X.indptr) + term.intercept
    mean = max(1, int(lengths.mean()))
    alone = k == 1 and size == 1 and constants[0] == STEEPEST and not plan.l1.any()
    # A piece that is not swept row by row begins with a look at all columns.
    piece = min(n, max(1, max(PIECE, 0 if alone else 2 * q) // mean // size) * size)
    free = q - 1 if term.intercept else -1
    source = (*gather.unsigned(X), term.Y, share_of(term), _inverse(term.standardise), free)
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
    with with_helpers(task, partial(ring.close, state), 0 if alone else min(pieces, PLACES) - 1):
        yield state


def _inverse(standardise) -> np.ndarray:
    """1/σ, (d,); empty where columns are as they are, which spares its reading."""
    return np.empty(0) if standardise.plain else 1.0 / standardise.width
