"""Folds: which rows each model of a cross-validation learns from, and which judge it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..data.partitioned import PartitionedDataset
from ..data.parts import drawn
from ..errors import DownslopeError, nearest

USUAL = 5
FOLDS = 3  # the third use of drawn numbers, after rows held out and the sample
EXAMPLES = "5, 10, loo, group:COLUMN, time:COLUMN, time:COLUMN,gap:7"


@dataclass(frozen=True, eq=False)
class Folds:
    """K pairs (training rows, validation rows), as row numbers in the order of the rows.

    `spec` is the text that they were made from. number (n,): the fold that holds each row out, −1 for a row
    that none holds out. `trained`: the training rows of each fold; None where each row trains all folds but
    the one that holds it out. `single`: each fold holds one row out.
    """

    spec: str
    count: int
    number: np.ndarray
    trained: tuple[np.ndarray, ...] | None = None
    single: bool = False

    def __len__(self) -> int:
        return self.count

    @property
    def crossed(self) -> bool:
        """Whether every row is held out by one fold and trains all others."""
        return self.trained is None

    def held(self, fold: int) -> np.ndarray:
        return np.flatnonzero(self.number == fold)

    @cached_property
    def pairs(self) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        trained = self.trained or (np.flatnonzero(self.number != k) for k in range(self.count))
        return tuple((train, self.held(k)) for k, train in enumerate(trained))


@dataclass(frozen=True)
class FoldSpec:
    """ "5", "loo", "group:patient", "time:day,gap:7": how rows are cut into folds.

    >>> FoldSpec.of("time:day,gap:7")
    FoldSpec(kind='time', count=5, column='day', gap=7)
    """

    kind: str = "plain"  # plain, loo, group, time
    count: int = USUAL
    column: str = ""
    gap: int = 0

    @classmethod
    def of(cls, asked: Any) -> FoldSpec:
        """The cut that a number or a text asks for. Raises DownslopeError for any other."""
        words = str(asked).strip()
        if words == "loo":
            return cls("loo", 0)
        kind, colon, rest = words.partition(":")
        if not colon:
            return cls(count=_count(words, asked, 2))
        if kind not in ("group", "time") or not rest:
            raise DownslopeError("selection.folds", asked=asked, examples=EXAMPLES)
        column, comma, more = rest.partition(",gap:") if kind == "time" else (rest, "", "")
        gap = _count(more, asked, 0) if comma else 0
        name, comma, number = column.rpartition(",")
        counted = bool(comma) and number.strip().isdecimal()
        return cls(kind, _count(number, asked, 2) if counted else USUAL, name if counted else column, gap)

    def cut(self, dataset: Any, seed: int = 0) -> Folds:
        """The folds of a Dataset's rows. Raises DownslopeError where it has too few rows, groups, times, or
        rows of a class."""
        rows, spec = len(dataset), self.text
        if self.kind == "loo":
            _enough(rows, 3, "selection.few_rows", rows=rows, folds=3)
            self._enough_of_each_class(dataset, 2)
            return Folds(spec, rows, np.arange(rows), single=True)
        if self.kind == "time":
            return self._by_time(dataset)
        _enough(rows, self.count, "selection.few_rows", rows=rows, folds=self.count)
        random = np.random.Generator(np.random.Philox(seed))
        if self.kind == "group":
            number = self._by_group(dataset, random)
        elif dataset.classes:
            self._enough_of_each_class(dataset, self.count)
            number, order = np.empty(rows, dtype=int), random.permutation(rows)
            order = order[np.argsort(np.asarray(dataset.y)[order], kind="stable")]  # dealt class by class
            number[order] = np.arange(rows) % self.count
        else:
            number = dealt(0, rows, self.count, seed)
        return Folds(spec, self.count, number)

    # ---- rows in parts -------------------------------------------------------------------------------

    def check_parts(self, rows: PartitionedDataset) -> None:
        """Refuse what rows in parts have no folds for: one a row, and an order of time."""
        if self.kind in ("loo", "time"):
            raise DownslopeError("selection.folds_in_parts", asked=self.text, rows=f"{len(rows):,}")
        _enough(len(rows), self.count, "selection.few_rows", rows=len(rows), folds=self.count)

    def places(self, rows: PartitionedDataset) -> np.ndarray | None:
        """The features that tell the groups apart; None without groups."""
        if self.kind != "group":
            return None
        start = 0
        for column in () if rows.encoding is None else rows.encoding.columns:
            if column.name == self.column:
                summary = rows.known[column.name]
                if summary.known < summary.rows:
                    missing = summary.rows - summary.known
                    raise DownslopeError("selection.column_missing", column=self.column, count=missing)
                return np.arange(start, start + len(column.features))
            start += len(column.features)
        if rows.encoding is None and self.column in rows.features:
            return np.array([rows.features.index(self.column)])
        known = rows.features if rows.encoding is None else [column.name for column in rows.encoding.columns]
        raise DownslopeError("selection.no_column", asked=self.column, known=nearest(self.column, known))

    def of_part(self, X: np.ndarray, first: int, seed: int, places: np.ndarray | None) -> np.ndarray:
        """The fold that holds each row of a part out, (n,): by the rows' numbers, from `first` on, or by a
        hash of the values that make a row's group."""
        if places is None:
            return dealt(first, len(X), self.count, seed)
        mixed = np.full(len(X), seed, np.uint64)
        for place in places:
            bits = np.ascontiguousarray(X[:, place], dtype=float) + 0.0  # −0 is 0
            mixed = _mix(mixed ^ bits.view(np.uint64))
        return (mixed % np.uint64(self.count)).astype(int)

    @staticmethod
    def _enough_of_each_class(dataset: Any, needed: int) -> None:
        if dataset.classes:
            counts = np.bincount(np.asarray(dataset.y).astype(int), minlength=len(dataset.classes))
            least, rows = int(counts.argmin()), int(counts.min())
            value = dataset.classes[least]
            _enough(rows, needed, "selection.few_of_class", value=value, rows=rows, folds=needed)

    @property
    def text(self) -> str:
        if self.kind in ("plain", "loo"):
            return "loo" if self.kind == "loo" else str(self.count)
        count = "" if self.count == USUAL else f",{self.count}"
        return f"{self.kind}:{self.column}{count}" + (f",gap:{self.gap}" if self.gap else "")

    def refuse_few(self, found: int, most: int, key: str) -> None:
        """Refuse a column with so few values, which make `most` folds, and name what it allows."""
        facts = {"column": self.column, "values": found, "most": most, "folds": self.count}
        _enough(most, 2, "selection.few_values", **facts)
        _enough(most, self.count, key, **facts)

    def _by_group(self, dataset: Any, random: np.random.Generator) -> np.ndarray:
        """The fold of each row: whole groups, the largest first, each to the fold with the fewest rows."""
        group = _codes(dataset, self.column)
        sizes = np.bincount(group)
        self.refuse_few(len(sizes), len(sizes), "selection.few_groups")
        dealt, fold_of = np.zeros(self.count), np.empty(len(sizes), dtype=int)
        shuffled = random.permutation(len(sizes))
        for g in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
            fold_of[g] = int(dealt.argmin())
            dealt[fold_of[g]] += sizes[g]
        return fold_of[group]

    def _by_time(self, dataset: Any) -> Folds:
        """Each fold learns from what came before it, less the last `gap` times; equal times stay together."""
        time = _codes(dataset, self.column)
        times = np.bincount(time)
        self.refuse_few(len(times), len(times) - 1, "selection.few_times")  # the first only trains
        ends = np.cumsum(times)  # rows up to each time
        edges = [
            int(np.searchsorted(ends, len(time) * k / (self.count + 1))) for k in range(1, self.count + 1)
        ]
        edges = [max(edge, k + 1) for k, edge in enumerate(edges)]
        number, trained = np.full(len(time), -1), []
        for fold, (first, last) in enumerate(zip(edges, [*edges[1:], len(times)])):
            train = np.flatnonzero(time < first - self.gap)
            held = (time >= first) & (time < last)
            if len(train) < 2 or not held.any():
                facts = {"column": self.column, "gap": self.gap, "times": len(times), "folds": self.count}
                raise DownslopeError("selection.gap", **facts)
            trained.append(train)
            number[held] = fold
        return Folds(self.text, self.count, number, tuple(trained))


def dealt(first: int, rows: int, count: int, seed: int) -> np.ndarray:
    """The folds of rows first, first + 1, …: each run of `count` rows has one of each, in an order drawn by
    their numbers, so that rows in memory, in parts and on a cluster have the same folds.

    >>> dealt(0, 6, 3, 0), dealt(2, 4, 3, 0)
    (array([1, 0, 2, 2, 0, 1]), array([2, 2, 0, 1]))
    """
    begin = first - first % count
    runs = -(-(first + rows - begin) // count)
    draws = drawn(begin, runs * count, seed, FOLDS).reshape(runs, count)
    return np.argsort(draws, axis=1).ravel()[first - begin :][:rows]


def _mix(bits: np.ndarray) -> np.ndarray:
    """A hash of 64 bits: the finaliser of SplitMix64.  Steele, Lea & Flood 2014."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    return bits ^ (bits >> np.uint64(31))


def _count(words: str, asked: Any, least: int) -> int:
    if not words.strip().isdecimal() or int(words) < least:
        raise DownslopeError("selection.folds", asked=asked, examples=EXAMPLES)
    return int(words)


def _enough(found: int, needed: int, key: str, **facts: Any) -> None:
    if found < needed:
        raise DownslopeError(key, **facts)


def _codes(dataset: Any, name: str) -> np.ndarray:
    """0, 1, … for each row, in the order of the values of a column."""
    return np.unique(dataset.column(name), return_inverse=True)[1]
