"""Second moments of the rows that each fold learns from and holds out, all of them in one read of the rows.

Every fit of a squared loss and every squared error follows from them, also where cells are missing: a column
with missing cells enters as two, (x − c)·known and 1 − known, from which any value that fills the missing
cells follows exactly. Folds are added, never subtracted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from itertools import accumulate, pairwise
from operator import add
from typing import Any

import numpy as np

from ..data.dataset import Dataset
from ..data.partitioned import PartitionedDataset
from ..data.reading import known_cells
from ..data.statistics import PIECE, TASKS, SecondMoments
from ..kernels.threads import each, one_blas_thread
from ..model.naming import coded
from .folds import Folds, FoldSpec


@dataclass(frozen=True, eq=False)
class Holes:
    """The columns of a table with missing cells, which a fold fills with the means of its own training rows.

    places: of each such column its features.  fill: the values that stand there now, of all features, (d,).
    known: which rows hold a value, one array for each column; () where missing cells are NaN.
    """

    places: tuple[np.ndarray, ...] = ()
    fill: np.ndarray | None = None
    known: tuple[np.ndarray, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.places)

    @classmethod
    def of(cls, rows: Any) -> Holes:
        if isinstance(rows, PartitionedDataset):
            return cls._of_parts(rows)
        if rows.encoding is None or rows.table is None or not isinstance(rows.X, np.ndarray):
            return cls()
        places, known = [], []
        for column, features in _places(rows.encoding):
            cells = known_cells(rows.table, column.name)
            if not cells.all():
                places.append(features)
                known.append(cells)
        if not places:
            return cls()
        fill = rows.X.mean(axis=0)
        for features, cells in zip(places, known):
            fill[features] = rows.X[int(np.argmin(cells)), features]
        return cls(tuple(places), fill, tuple(known))

    @classmethod
    def _of_parts(cls, rows: PartitionedDataset) -> Holes:
        if rows.encoding is None:
            return cls()
        found = [
            features
            for column, features in _places(rows.encoding)
            if rows.known[column.name].known < rows.known[column.name].rows
        ]
        fill = np.array(rows.found.moments.mean)
        for column, features in _places(rows.encoding):
            fill[features] = column.mean
        return cls(tuple(found), fill) if found else cls()

    def missing(self, X: np.ndarray) -> np.ndarray | None:
        """Which cells of each of the columns are missing, (n, h)."""
        if not self:
            return None
        if self.known:
            return ~np.column_stack(self.known)
        return np.isnan(X[:, [features[0] for features in self.places]])

    def of_rows(self, rows: np.ndarray) -> Holes:
        return replace(self, known=tuple(known[rows] for known in self.known))

    def filled(self, X: np.ndarray, values: np.ndarray) -> np.ndarray:
        """The rows with other values, (d,), in their missing cells."""
        if not self:
            return X
        missing, X = self.missing(X), np.array(X)
        assert missing is not None
        for features, gone in zip(self.places, missing.T):
            X[np.ix_(gone, features)] = values[features]
        return X

    def means(self, dataset: Dataset, train: np.ndarray) -> np.ndarray:
        """What the training rows of a fold fill, (d,)."""
        assert self.fill is not None
        values = np.array(self.fill)
        for features, known in zip(self.places, self.known):
            used = train[known[train]]
            if len(used):
                s = None if dataset.weights is None else dataset.weights[used]
                values[features] = np.average(dataset.X[np.ix_(used, features)], axis=0, weights=s)
        return values


def _places(encoding: Any) -> list[tuple[Any, np.ndarray]]:
    """Each column with the places of its features."""
    ends = list(accumulate((len(column.features) for column in encoding.columns), initial=0))
    return [(column, np.arange(a, b)) for column, (a, b) in zip(encoding.columns, pairwise(ends))]


@dataclass(frozen=True, eq=False)
class FoldMoments:
    """K folds: the moments of the rows that each learns from and holds out, with what it fills in missing
    cells; `whole`: those of all rows as they stand, where the folds hold each of them out once."""

    train: list[SecondMoments]
    held: list[SecondMoments]
    fills: Sequence[np.ndarray | None]  # (d,) each
    whole: SecondMoments | None

    @classmethod
    def of(cls, dataset: Dataset, Y: np.ndarray, folds: Folds, holes: Holes) -> FoldMoments:
        """Of rows in memory."""
        segment, train, held = _segments(folds)
        count, missing = int(segment.max()) + 1, holes.missing(dataset.X)
        cut: dict[str, Any] = {"center": holes.fill, "missing": missing, "places": holes.places}
        found = segment_moments(dataset.X, Y, dataset.weights, segment, count, **cut)
        if folds.crossed:
            return cls._made(_all_but_one(found), found, holes, reduce(add, found))
        joined = [[reduce(add, [found[j] for j in parts]) for parts in side] for side in (train, held)]
        return cls._made(joined[0], joined[1], holes, None)

    @classmethod
    def of_parts(
        cls, rows: PartitionedDataset, loss: Any, spec: FoldSpec, seed: int, holes: Holes
    ) -> FoldMoments:
        """Of rows in parts: one pass over them, in the order of their parts."""
        found = each_part(rows, spec, seed, holes, partial(_moments_of_part, loss, holes, spec.count))
        if len(found) < spec.count or any(part is None for part in found):
            groups = sum(part is not None for part in found)
            spec.refuse_few(groups, groups, "selection.few_groups")
        return cls._made(_all_but_one(found), list(found), holes, reduce(add, found))

    @classmethod
    def _made(cls, train, held, holes: Holes, whole: SecondMoments | None) -> FoldMoments:
        if not holes:
            return cls(train, held, [None] * len(train), whole)
        assert holes.fill is not None
        fills, d = [], len(holes.fill)
        for one in train:
            values = np.array(holes.fill)
            for j, features in enumerate(holes.places):
                known = 1.0 - one.mean[d + j]
                values[features] += one.mean[features] / known if known > 1e-12 else 0.0
            fills.append(values)
        train, held = ([_filled(one, holes, v) for one, v in zip(side, fills)] for side in (train, held))
        return cls(train, held, fills, None if whole is None else _filled(whole, holes, holes.fill))


def each_part(rows: PartitionedDataset, spec: FoldSpec, seed: int, holes: Holes, fn: Any) -> Any:
    """Σ fn(part, fold of each of its rows) over the parts; missing cells are NaN in them."""
    firsts = np.concatenate([[0], np.cumsum(rows.found.counts)])
    source = rows.with_missing_as_nan() if holes else rows
    places = spec.places(rows)
    return source.map_parts(partial(_with_folds, spec, seed, places, firsts, fn))


def _with_folds(spec: FoldSpec, seed: int, places, firsts: np.ndarray, fn, part: Dataset, number: int) -> Any:
    with one_blas_thread():  # on whatever machine it is
        return fn(part, spec.of_part(part.X, int(firsts[number]), seed, places))


def _moments_of_part(loss, holes: Holes, count: int, part: Dataset, fold: np.ndarray) -> tuple:
    found = segment_moments(
        part.X, coded(part, loss), part.weights, fold, count, holes.fill, holes.missing(part.X), holes.places
    )
    return tuple(found)


def _segments(folds: Folds) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """Rows that all folds treat alike: the segment of each row, (n,), and of which segments the rows are
    made that each fold learns from and holds out."""
    if folds.crossed:
        return folds.number, [], []
    member = np.zeros((len(folds.number), 2 * len(folds)), bool)
    for k, (train, held) in enumerate(folds.pairs):
        member[train, k] = True
        member[held, len(folds) + k] = True
    kinds, segment = np.unique(np.packbits(member, axis=1), axis=0, return_inverse=True)
    member = np.unpackbits(kinds, axis=1)[:, : 2 * len(folds)].astype(bool)
    sides = [np.flatnonzero(column) for column in member.T]
    return segment.ravel(), sides[: len(folds)], sides[len(folds) :]


def _all_but_one(parts: Sequence[SecondMoments]) -> list[SecondMoments]:
    """The sum of all others, for each."""
    before, after = list(accumulate(parts)), list(accumulate(reversed(parts)))[::-1]
    inner = [before[k - 1] + after[k + 1] for k in range(1, len(parts) - 1)]
    return [after[1], *inner, before[-2]]


def _filled(one: SecondMoments, holes: Holes, values: np.ndarray) -> SecondMoments:
    """The moments of rows whose missing cells hold `values`, from those of (x − c)·known and 1 − known."""
    assert holes.fill is not None
    d = len(holes.fill)
    A = np.zeros((d, d + len(holes.places)))
    A[np.arange(d), np.arange(d)] = 1.0
    for j, features in enumerate(holes.places):
        A[features, d + j] = values[features] - holes.fill[features]
    return replace(one, mean=holes.fill + A @ one.mean, G=A @ one.G @ A.T, c=A @ one.c)


def segment_moments(
    X: np.ndarray,
    Y: np.ndarray,
    s: np.ndarray | None,
    segment: np.ndarray,
    count: int,
    center: np.ndarray | None = None,
    missing: np.ndarray | None = None,
    places: Sequence[np.ndarray] = (),
) -> list[Any]:
    """The moments of the rows of each segment, None where there are none: one read of X (n, d), in order.

    segment (n,): 0 … count − 1.  s (n,): weights.  missing (n, h): with `places`, which cells are missing;
    columns are then about `center`, 0 where missing, and h columns of `missing` come after them.
    """
    n, d = X.shape
    h, k = len(places), Y.shape[1]
    q = d + h + k
    sample = slice(0, n, max(1, n // 1000))
    rough = X[sample].mean(axis=0, dtype=float) if center is None else center
    level = Y[sample].mean(axis=0)
    size = min(max(PIECE // (q + 1), 512, 64 * count), n)
    root = None if s is None else np.sqrt(s)
    segment = segment.astype(np.min_scalar_type(count))  # short integers are sorted by their digits, in O(n)

    def summed(rows: slice) -> np.ndarray:
        products = np.zeros((count, q + 1, q + 1))
        row = np.ones((size, q + 1))  # x, missing, y and 1
        for first in range(rows.start, rows.stop, size):
            last = min(first + size, rows.stop)
            order = np.argsort(segment[first:last], kind="stable")
            edges = np.searchsorted(segment[first:last][order], np.arange(count + 1))
            piece = row[: last - first]
            np.subtract(X[first:last][order], rough, out=piece[:, :d])
            if missing is not None:
                gone = missing[first:last][order]
                for j, features in enumerate(places):
                    piece[np.ix_(gone[:, j], features)] = 0.0
                piece[:, d : d + h] = gone
            np.subtract(Y[first:last][order], level, out=piece[:, d + h : q])
            piece[:, q] = 1.0
            if root is not None:
                piece *= root[first:last][order][:, None]
            for j, (a, b) in enumerate(pairwise(edges)):
                if a < b:
                    products[j] += piece[a:b].T @ piece[a:b]
        return products

    edges = [n * part // TASKS for part in range(TASKS + 1)]
    tasks = [slice(a, b) for a, b in pairwise(edges) if a < b]
    with one_blas_thread():
        products = reduce(add, each(summed, tasks))
    return [_moments(one, d + h, rough if center is None else None, level) for one in products]


def _moments(
    products: np.ndarray, d: int, rough: np.ndarray | None, level: np.ndarray
) -> SecondMoments | None:
    """From the sums of products of x, y and 1."""
    weight = float(products[-1, -1])
    if not weight:
        return None
    products = products / weight
    away = products[:-1, -1]
    about = products[:-1, :-1] - np.outer(away, away)
    mean = away[:d] if rough is None else rough + away[:d]
    spread = np.diag(about)[d:]
    return SecondMoments(
        mean, level + away[d:], about[:d, :d], about[:d, d:], weight, np.maximum(spread, 0.0)
    )
