"""Dask's own arrays and frames: their partitions are the parts of the rows, and predictions are lazy."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import dask
import dask.array as da
import numpy as np

from ..data.dataset import Dataset
from ..data.statistics import Summary, units
from ..errors import DownslopeError
from .connection import Connection, safely
from .sharded import Shard, ShardedDataset, arrived, gather, height_of

APART = 2**32  # rows that a partition may have: by what its numbers are drawn apart from the next one's


@dataclass(frozen=True, eq=False)
class Collection:
    """X (n, d), y (n,) or (n, k) and weights s (n,) by partitions, each a value that Dask has yet to make."""

    X: list[Any]
    y: list[Any]
    weights: list[Any]  # None for each, where there are none
    names: tuple[str, ...] | None
    columns: int
    outputs: int
    connection: Connection

    @classmethod
    def of(cls, X: Any, y: Any, weights: Any = None) -> Collection:
        """X: a Dask array or frame; y and weights: the same, or in memory.

        Raises DownslopeError for columns that are no numbers, and for partitions that do not match.
        """
        connection, names = Connection.of(), None
        if hasattr(X, "columns"):
            names = tuple(map(str, X.columns))
            for name, kind in zip(X.columns, X.dtypes):
                if not (isinstance(kind, np.dtype) and kind.kind in "fiub") and not _number(kind):
                    raise DownslopeError("cluster.column_kind", column=name, kind=kind)
        elif X.ndim != 2:
            raise DownslopeError("data.not_two_dimensional", shape=X.shape)
        outputs = y.shape[1] if getattr(y, "ndim", 1) == 2 else 1
        xs = partitions(X)
        ys = _alike(X, xs, y, "y", connection)
        weights = [None] * len(xs) if weights is None else _alike(X, xs, weights, "sample_weight", connection)
        return cls(xs, ys, weights, names, X.shape[1], outputs, connection)

    @cached_property
    def classes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The classes of the rows that weigh something, (K,), how many rows have each, and their Σs."""
        looked = self.connection.kept(
            [dask.delayed(safely)(_classes, *part) for part in self._numbered(self.y)]
        )
        found = self.connection.results(looked)
        values = np.unique(np.concatenate([values for values, _, _ in found]))
        counts, sums = np.zeros(len(values), int), np.zeros(len(values))
        for own, rows, weights in found:
            at = np.searchsorted(values, own)
            counts[at] += rows
            sums[at] += weights
        return values, counts, sums

    def rows(self, classes: np.ndarray | None = None) -> ShardedDataset:
        """The rows, checked. classes (K,): what the values of y are."""
        count = len(self.X)
        height = height_of(count, len(self.connection.workers))
        make = partial(_dataset, self.names, classes)
        whole = [
            dask.delayed(safely)(
                _shard, make, first, *(part[first : first + 2**height] for part in self._columns)
            )
            for first in range(0, count, 2**height)
        ]
        shards = tuple(self.connection.kept(whole))
        features = self.names or _numbered("x", self.columns)
        known: dict[str, Summary] = {}
        labels = () if classes is None else tuple(classes.tolist())
        if classes is not None:
            _, counts, sums = self.classes
            numbers = dict(zip(labels, zip(counts.tolist(), map(units, sums))))
            kind = "boolean" if classes.dtype == bool else "numeric"
            known = {"y": Summary("y", kind, int(counts.sum()), int(counts.sum()), counts=numbers)}
        targets = _numbered("y", self.outputs)
        gathered = gather(self.connection, shards)
        return ShardedDataset(
            self.connection, height, gathered, features, targets, "dask", known, shards, None, labels
        )

    @property
    def _columns(self) -> tuple[list[Any], list[Any], list[Any]]:
        return self.X, self.y, self.weights

    def _numbered(self, values: list[Any]):
        return zip(range(len(values)), values, self.weights)


def partitions(given: Any) -> list[Any]:
    """Each as one delayed value, in order; of an array with all its columns."""
    if isinstance(given, da.Array):
        given = given.rechunk({1: -1}) if given.ndim == 2 else given
        return given.to_delayed().ravel().tolist()
    return list(given.to_delayed())


def by_blocks(function: Callable, X: Any) -> da.Array:
    """What `function` makes of the rows of each partition, as a lazy array with a row for each."""
    row: Any = np.zeros((1, X.shape[1]), X.dtype if isinstance(X, da.Array) else float)
    if not isinstance(X, da.Array):
        import pandas as pd

        row = pd.DataFrame(row, columns=X.columns)
    sample = function(row)
    kind = {"dtype": sample.dtype, "meta": np.empty((0,) * sample.ndim, sample.dtype)}
    sizes = X.chunks[0] if isinstance(X, da.Array) else None
    begun = [
        dask.delayed(partial(_of_some, function, sample.shape[1:], sample.dtype))(part)
        for part in partitions(X)
    ]
    sizes = sizes or (math.nan,) * len(begun)
    return da.concatenate(
        [da.from_delayed(part, (size, *sample.shape[1:]), **kind) for part, size in zip(begun, sizes)],
        allow_unknown_chunksizes=True,
    )


def _alike(X: Any, xs: list[Any], given: Any, role: str, connection: Connection) -> list[Any]:
    """The partitions of y or of weights: those of X, into which what lies in memory is cut."""
    if dask.is_dask_collection(given):
        known = isinstance(X, da.Array) and isinstance(given, da.Array)
        if known and not np.isnan((*X.chunks[0], *given.chunks[0])).any() and X.chunks[0] != given.chunks[0]:
            if len(X) != len(given):
                raise DownslopeError("data.lengths_differ", x_shape=X.shape, y_shape=given.shape)
            given = given.rechunk({0: X.chunks[0]})
        found = partitions(given)
        if len(found) != len(xs):
            raise DownslopeError("cluster.partitions_differ", found=len(xs), role=role, other=len(found))
        return found
    sizes = X.chunks[0] if isinstance(X, da.Array) else (math.nan,)
    if np.isnan(sizes).any():
        sizes = connection.results(connection.kept([dask.delayed(safely)(len, x) for x in xs]))
    ends, given = np.cumsum(sizes).astype(int), np.asarray(given)
    if ends[-1] != len(given):
        raise DownslopeError("data.lengths_differ", x_shape=(int(ends[-1]), X.shape[1]), y_shape=given.shape)
    return [dask.delayed(part) for part in np.split(given, ends[:-1])]


# ---- on the workers ----------------------------------------------------------------------------------


def _shard(make: Callable, first: int, xs: Sequence[Any], ys: Sequence[Any], weights: Sequence[Any]) -> Shard:
    numbers = range(first, first + len(xs))
    parts = [_result(make, number, *part) for number, *part in zip(numbers, xs, ys, weights)]
    return arrived(parts, [number * APART for number in numbers], [None] * len(parts))


def _result(make: Callable, number: int, *given: Any) -> Any:
    """Errors in a partition give its number."""
    try:
        return make(*given)
    except DownslopeError as error:
        raise DownslopeError(error.key, **error.facts, partition=number) from None


def _dataset(names, classes, x: Any, y: Any, s: Any) -> Dataset:
    """The rows of a partition, checked as those in memory are."""
    y = np.asarray(y)
    y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    if len(x) != len(y):
        raise DownslopeError("data.lengths_differ", x_shape=np.shape(x), y_shape=y.shape)
    if s is not None:
        s = np.asarray(s, dtype=float)
        if not (np.isfinite(s) & (s >= 0)).all():
            row = int(np.argmin(np.isfinite(s) & (s >= 0)))
            raise DownslopeError("data.weight_value", row=row + 1, value=float(s[row]))
        kept = s > 0
        x, y, s = (x, y, s) if kept.all() else (x[kept], y[kept], s[kept])
    if classes is not None:
        y = np.searchsorted(classes, y).astype(float)
    labels = () if classes is None else tuple(classes.tolist())
    if not len(x):
        d, k = x.shape[1], (() if y.ndim == 1 else y.shape[1:])
        empty = np.empty((0, d)), np.empty((0, *k)), None if s is None else np.empty(0)
        return Dataset(*empty, names or _numbered("x", d), _numbered("y", (*k, 1)[0]), "dask", classes=labels)
    return replace(Dataset.from_arrays(x, y, s, names), classes=labels)


def _classes(number: int, y: Any, s: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    y = np.asarray(y)
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        row = int(np.argmin(np.isfinite(y)))
        facts = {"place": f"y[{row}]", "value": float(y[row]), "partition": number}
        raise DownslopeError("data.not_finite", **facts)
    y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    weights = np.ones(len(y)) if s is None else np.asarray(s, dtype=float)
    values, places = np.unique(y[weights > 0], return_inverse=True)
    return (
        values,
        np.bincount(places, minlength=len(values)),
        np.bincount(places, weights[weights > 0], len(values)),
    )


def _of_some(function: Callable, tail: tuple[int, ...], kind: Any, rows: Any) -> np.ndarray:
    return function(rows) if len(rows) else np.empty((0, *tail), kind)


def _number(kind: Any) -> bool:
    """Whether a type of pandas' own holds numbers."""
    return bool(getattr(kind, "_is_numeric", False) or getattr(kind, "_is_boolean", False))


def _numbered(letter: str, count: int) -> tuple[str, ...]:
    return (letter,) if count == 1 else tuple(f"{letter}{i}" for i in range(1, count + 1))
