"""Directions along which a loss falls for ever: a proof, from where a descent ended, that it has no minimum.

Log loss: let mᵢₖ(θ) be by how much the true class of row i is ahead of class k. If some d has mᵢₖ(d) ≥ 0 for
all pairs, and > 0 for one, then θ + t·d is better for every t (Albert & Anderson 1984). A log link, with
Σ exp(z) − y·z: the same where z(d) = 0 on all rows with y > 0, and z(d) ≤ 0 on the rows without an event.

A descent runs along such a d, so that it shows in the pairs that are certain at its end; a d that leaves all
others where they are is their null space's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ..model.linear import WIDE

CERTAIN = (0.0, 4.0, 8.0, 12.0)  # by how much a class may have to be ahead to count as certain
ON_PLANE = 1e-9  # of what a row could gain at most: rounding, once the direction is polished
PAIRS = 1500  # of which a linear program takes under a second
FARTHEST = 1e4  # of its directions
HELD = np.inf  # the lead of a pair that says nothing: a class over itself


@dataclass(frozen=True, eq=False)
class Separation:
    """What a direction separates. `output`: the column of y; `moved`: rows of which it takes some class away,
    (n,); `weights`: the share of each column in it, (d,). Both None where not all rows are in memory."""

    on_plane: int  # rows that it does not tell from all other classes
    output: int = 0
    moved: np.ndarray | None = None
    weights: np.ndarray | None = None


def separation(term, theta) -> Separation | None:
    """The direction along which the loss falls for ever; None where none is seen. Of rows that are not in
    memory it is found on a sample, and proved on all."""
    coupled = term.loss.coupled(term.outputs)
    for output in range(1 if coupled else term.outputs):
        one = None if coupled or term.outputs == 1 else output
        found = _of_output(term, one, theta if one is None else theta[output :: term.outputs])
        if found is not None:
            return replace(found, output=output)
    return None


def _single(term, output: int | None):
    """The term of one of several outputs that do not depend on each other; of all where it is None."""
    if output is None:
        return term
    return replace(term, Y=term.Y[:, output : output + 1], gathered=None, compiled=False)


def _of_output(term, output: int | None, theta) -> Separation | None:
    rows = _single(term.sample, output)
    found = _direction(rows, theta)
    if found is None:
        return None
    way, rounding = found
    if rows.rows == term.rows:
        gain = leads(rows, way)
        apart = gain > rounding * _most(rows, way)
        moved = (apart & np.isfinite(gain)).any(axis=1)
        return Separation(int((~apart.all(axis=1)).sum()), 0, moved, _shares(rows, way))
    against, on_plane = term.map_reduce(partial(_counts, way, rounding, output=output))
    return None if against else Separation(int(on_plane))


def _direction(term, theta) -> tuple[np.ndarray, float] | None:
    """The direction, and the share of `_most` that is its rounding: none where θ itself separates all."""
    lead, bound = leads(term, theta), _bound(term)  # (n, k)
    for certain in CERTAIN:
        open_ = (lead <= certain) | bound
        if not open_.any():
            return theta, 0.0
        if term.size > WIDE // 4:
            return None
        shifts = term.inputs if term.outputs > 1 else 0  # of all classes alike
        null, back = _null_space(term, open_, shifts)
        if null.shape[1] == shifts:
            return None
        way = _polished(term, null @ (null.T @ theta), open_, back)
        if way is not None:
            return way, ON_PLANE
    way = _by_program(term, null, ~open_ & np.isfinite(lead))
    if way is None:
        return None
    open_ = open_ | (leads(term, way) <= 1e-6)  # of 2
    null, back = _null_space(term, open_, shifts)
    way = _polished(term, null @ (null.T @ way), open_, back)
    return None if way is None else (way, ON_PLANE)


def _polished(term, way, open_, back) -> np.ndarray | None:
    """The direction, with open pairs where they are to rounding; None if it leaves a pair behind."""
    for _ in range(3):  # the Gram matrix holds half of the digits: what it left is taken off
        gain = leads(term, way)
        way = way - back(np.where(open_ & np.isfinite(gain), gain, 0.0))
    gain = leads(term, way)
    shown = np.isfinite(gain)
    ahead = gain[shown].max() > 1 and (gain > ON_PLANE * _most(term, way))[shown].any()
    return way if ahead and not _counts(way, ON_PLANE, term)[0] else None


def _by_program(term, null, certain) -> np.ndarray | None:
    """The direction in a null space that takes the most pairs ahead and none back: max Σt, 0 ≤ t ≤ 1,
    t ≤ A·c. None where there is none, and where the linear program would be long.  Konis 2007."""
    m, r = int(certain.sum()), null.shape[1]
    if not 0 < m * (m + r) <= PAIRS**2:
        return None
    A = np.stack([leads(term, one)[certain] for one in null.T], axis=1)
    if not np.abs(A).max() > ON_PLANE * _most(term, null[:, 0]).max():  # columns that depend on one another
        return None
    from scipy.optimize import linprog

    A = A / np.abs(A).max()
    bounds = [(-FARTHEST, FARTHEST)] * r + [(0, 1)] * m
    found = linprog(np.repeat([0.0, -1.0], [r, m]), np.hstack([-A, np.eye(m)]), np.zeros(m), bounds=bounds)
    if found.x is None or not found.x[r:].max() > 1e-3:
        return None
    way = null @ found.x[:r]
    return way * (2 / leads(term, way)[certain].max())


def _counts(way, rounding: float, term, output: int | None = None) -> np.ndarray:
    """How many rows the direction moves the wrong way, and how many it does not tell from all.  (2,)"""
    term = _single(term, output)
    gain, bound, most = leads(term, way), _bound(term), rounding * _most(term, way)
    wrong = np.where(bound, np.abs(gain) > most, gain < -most if rounding else gain <= 0).any(axis=1)
    return np.array([wrong.sum(), (~(gain > most).all(axis=1)).sum()])


def _shares(term, way) -> np.ndarray:
    """The share of each column in a direction.  (d,)"""
    d, k = term.columns, term.outputs
    away = way.reshape(-1, k)[:d]
    away = away - away.mean(axis=1, keepdims=True) if k > 1 else away  # a shift of all classes is none
    return np.abs(away).max(axis=1) * np.sqrt(np.maximum(np.diag(term.gram)[:d], 0.0))


def _most(term, way) -> np.ndarray:
    """What rounding is measured by: Σⱼ|x̃ᵢⱼ|·max|dⱼ| of each row, (n, 1)."""
    k = term.outputs
    sizes = np.abs(way.reshape(-1, k)).max(axis=1)
    out = np.empty((term.rows, 1))
    for rows, block in term.blocks():
        out[rows, 0] = np.abs(block) @ sizes
    return out + np.abs(out).max(initial=0.0)


def _bound(term) -> np.ndarray:
    """The pairs in which no direction may move: rows with events, of a log link.  (n, k)"""
    return term.Y > 0 if not term.loss.labels else np.zeros(term.Y.shape, bool)


def leads(term, theta) -> np.ndarray:
    """By how much the true class is ahead of each, (n, k): ±z for two classes, −z for counts; infinite over
    itself."""
    z, Y = term.predictor(theta), term.Y
    if not term.loss.labels:
        return -z
    if z.shape[1] == 1:
        return (2 * Y - 1) * z
    return np.where(Y > 0, HELD, (Y * z).sum(axis=1, keepdims=True) - z)


def _null_space(term, open_, shifts: int):
    """The θ that leave every open pair where it is, as columns: Σ mᵢₖ(θ)² = 0 over those pairs; and what
    takes a small m of those pairs off θ. `shifts` of them there always are; where some of the rows leave no
    more, all rows leave no more."""
    rows = np.flatnonzero(open_.any(axis=1))
    few = rows[:: max(1, len(rows) // (2 * term.size))]
    null, back = _of_rows(term, open_, few)
    if len(few) == len(rows) or null.shape[1] == shifts:
        return null, back
    return _of_rows(term, open_, rows)


def _of_rows(term, open_, rows):
    part = term.take(rows, relative_weight=None, compiled=False)
    gram = part.coupled_gram(lambda some: _star(part, some, open_[rows[some]].astype(float)))
    values, vectors = np.linalg.eigh(gram)
    kept = values > 1e-12 * values[-1]

    def back(off) -> np.ndarray:
        """G⁺·Aᵀ·m"""
        pull = part._back(_slopes(part, off[rows]), None) / part.rows
        return vectors[:, kept] @ ((vectors[:, kept].T @ pull) / values[kept])

    return vectors[:, ~kept], back


def _slopes(term, m) -> np.ndarray:
    """∂(½Σm²)/∂z for leads m, (n, k)."""
    if not term.loss.labels:
        return -m
    if m.shape[1] == 1:
        return (2 * term.Y - 1) * m
    return term.Y * m.sum(axis=1, keepdims=True) - m


def _star(term, some, E) -> np.ndarray:
    """Σₖ Eₖ·(e_true − eₖ)(e_true − eₖ)ᵀ for each row, (b, k, k); E itself for one column."""
    Y = term.Y[some]
    if Y.shape[1] == 1:
        return E[:, :, None]
    diagonal = (E + Y * E.sum(axis=1, keepdims=True))[:, :, None] * np.eye(Y.shape[1])
    return diagonal - Y[:, :, None] * E[:, None, :] - E[:, :, None] * Y[:, None, :]


# ── which levels and columns are at fault ──────────────────────────────────────────────────────────────────


def faults(term, found: Separation, dataset=None) -> tuple[list[list], list[str]]:
    """Levels that hold one class only, or lack one, or have no event: [name, rows, classes there, classes
    lacking]; and the columns that the direction is made of where no level explains it."""
    if found.moved is None or found.weights is None:
        return [], []
    y = term.classes if term.loss.labels else term.Y[:, found.output].astype(int)
    every = range(max(2, term.outputs)) if term.loss.labels else np.unique(y).tolist()
    left, levels, used = found.moved.copy(), [], np.zeros(len(found.weights), bool)
    for name, rows, columns in _levels(term, dataset):
        there = np.unique(y[rows]).tolist()
        if len(there) < len(every) and found.moved[rows].all() and left[rows].any():
            lacking = [_called(value, dataset) for value in every if value not in there]
            levels.append([name, int(rows.sum()), [_called(value, dataset) for value in there], lacking])
            left &= ~rows
            used[columns] = True
    if not left.any():
        return levels, []
    weights = np.where(used, 0.0, found.weights)
    names, largest = term.column_names, np.argsort(-weights, kind="stable")[:3]
    return levels, [names[j] for j in largest if weights[j] > 0.1 * weights.max(initial=0.0)]


def _called(value: int, dataset) -> str:
    classes = getattr(dataset, "classes", ())
    return str(classes[value]) if classes else str(value)


def _levels(term, dataset) -> Iterator[tuple[str, np.ndarray, list[int]]]:
    """(name, rows, columns) of each level: a column of two values, and the baseline of a text column, whose
    indicators are all at their lower value."""
    names = term.column_names[: term.columns]
    lows: dict[int, np.ndarray] = {}
    for j, name in enumerate(names):
        column = term.X[:, j] if term.dense else term.X[:, [j]].toarray()[:, 0]
        first = column[0]
        others = column[column != first]
        if not len(others) or (others != others[0]).any():
            continue
        low, high = min(first, others[0]), max(first, others[0])
        lows[j] = column == low
        yield name if (low, high) == (0, 1) else f"{name} = {high:g}", column == high, [j]
    encoding = getattr(dataset, "encoding", None)
    for column in getattr(encoding, "columns", ()):
        members = [j for j, name in enumerate(names) if name in column.features and j in lows]
        if column.baseline is not None and len(members) == len(column.features) > 0:
            rows = np.logical_and.reduce([lows[j] for j in members])
            yield f"{column.name}={column.baseline}", rows, members
    for j, rows in lows.items():
        if "=" not in names[j]:
            yield f"{names[j]} = {term.X[np.flatnonzero(rows)[0], j]:g}", rows, [j]
