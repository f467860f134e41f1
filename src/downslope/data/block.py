"""One part of the rows, as it was read: which of its rows count, and their numbers."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..errors import DownslopeError
from .dataset import Dataset
from .encoding import Encoding
from .memory import leased
from .parts import PairwiseSum, drawn
from .reading import Counting, Table, known_cells, refuse_bad_numbers, rows_that_count, stray_refused
from .request import Holdout, Request
from .second_moments import SecondMoments, second_moments

SAMPLED = 2  # the second use of drawn numbers; the first is HELD


@dataclass(frozen=True)
class Filter:
    """Which rows count: those with known targets and a weight, on one side of the split, and under
    on_bad_row="skip" without a missing value; under "fail" a missing value is an error that names its row."""

    request: Request
    on_bad_row: str | None = None
    held: Holdout | None = None

    def rows(self, table: Table, first: int) -> tuple[Table, Counting]:
        """The rows that count, and which those of the part are. `first`: the number of the part's first row,
        by which errors name a row."""
        request = self.request
        with numbered(first):
            if self.on_bad_row == "fail":
                self._refuse_holes(table)
            if self.on_bad_row != "skip":
                refuse_bad_numbers(table, (*request.targets, *request.chosen), request.weights)
        kept = np.ones(len(table), dtype=bool) if self.held is None else self.held.kept(first, len(table))
        if self.on_bad_row == "skip":
            for name in request.columns:
                kept &= known_cells(table, name, finite=True)
        counting = rows_that_count(table, request.targets, request.weights, kept)
        return counting.of(table), counting

    def _refuse_holes(self, table: Table) -> None:
        found = []
        for place, name in enumerate(self.request.columns):
            known = known_cells(table, name)
            if not known.all():
                found.append((int(np.argmin(known)), place, name))
        if not found:
            return
        row, _, name = min(found)
        strays = table.strays.get(name)
        if strays is not None and strays.first[0][0] == row + 1:
            raise stray_refused(table.source, name, *strays.first[0])
        raise DownslopeError("data.hole", column=name, row=row + 1)


@contextmanager
def numbered(first: int) -> Iterator[None]:
    """Errors about a row of a part give the row's number in the whole table."""
    try:
        yield
    except DownslopeError as error:
        if first and "row" in error.facts:
            raise DownslopeError(error.key, **{**error.facts, "row": error.facts["row"] + first}) from None
        raise


@dataclass(frozen=True, eq=False)
class NumericBlock:
    """Numbers of the rows of a part that count.  columns (c, b): one after the other, as in Arrow."""

    columns: np.ndarray
    places: np.ndarray | None
    sums: np.ndarray  # (c,)

    @classmethod
    def plain(
        cls, table: Any, names: tuple[str, ...], held: Holdout | None, first: int
    ) -> NumericBlock | None:
        """Where all columns are finite numbers without a missing value, which needs no encoding; None
        elsewhere. The numbers lie in a place of this thread's own: they hold until the next part."""
        import pyarrow as pa

        out = _space(len(names), table.num_rows)
        for row, name in zip(out, names):
            column = table.column(name)
            if column.null_count or not pa.types.is_float64(column.type):
                return None
            place = 0
            for chunk in column.chunks:
                row[place : place + len(chunk)] = chunk.to_numpy(zero_copy_only=True)
                place += len(chunk)
        sums = out.sum(axis=1)
        if not np.isfinite(sums).all() and not np.isfinite(out).all():
            return None
        places = None
        if held is not None:
            kept = held.kept(first, table.num_rows)
            if not kept.all():
                places = np.flatnonzero(kept)
                out = np.ascontiguousarray(out[:, places])
                sums = out.sum(axis=1)
        return cls(out, places, sums)


_own = threading.local()


def _space(columns: int, rows: int) -> np.ndarray:
    """Numbers to write on: fresh memory for every part would cost as much as what is written."""
    flat = getattr(_own, "flat", None)
    if flat is None or not columns * rows <= flat.size <= 4 * columns * rows:
        flat = _own.flat = np.empty(columns * rows)
    return flat[: columns * rows].reshape(columns, rows)


def rows_by_row(columns: np.ndarray) -> np.ndarray:
    """The transpose of columns (c, b), laid out row by row: (b, c)."""
    from ..kernels.compiled import compiled
    from ..kernels.gather import transpose
    from ..kernels.threads import each, threads

    c, b = columns.shape
    out = leased(b, c)
    if out.size < 1_000_000:
        out[:] = columns.T
        return out
    kernel, size = compiled(transpose), -(-b // (4 * threads()))
    each(lambda first: kernel(columns, first, min(first + size, b), out), range(0, b, size))
    return out


def labelled(part: Dataset, classes: tuple) -> Dataset:
    """The rows of a part with y as class numbers; where classes are called 0, 1, … they are those already,
    and a look will do in place of a sort."""
    if classes == tuple(range(len(classes))) and part.y is not None and len(part):
        numbers = part.y.astype(np.int64)
        if (numbers == part.y).all() and numbers.min() >= 0 and numbers.max() < len(classes):
            return replace(part, classes=classes)
    return part.labelled(classes)


def encoded(encoding: Encoding, table: Table, classes: tuple, first: int) -> Dataset:
    """The rows of a part that count, as numbers."""
    with numbered(first):
        dataset = encoding.apply(table)
    return labelled(dataset, classes) if classes and not encoding.classes else dataset


# ---- what a model asks first of all rows ---------------------------------------------------------------


SAMPLE = 100_000  # rows, twice as many at most,
NUMBERS = 2**22  # or so many numbers


@dataclass(frozen=True)
class RowStats:
    """moments: means and second moments of x and y (class numbers as they are).  counts: rows of each part.
    sample: some of the rows, each taken with one chance.  drift: the largest share of a column's variance
    that lies between parts: as good as 0 where rows lie in no order."""

    moments: SecondMoments
    counts: tuple[int, ...]
    sample: tuple[np.ndarray, np.ndarray, np.ndarray | None]  # X, Y, weights
    drift: float = 0.0

    @property
    def rows(self) -> int:
        return sum(self.counts)


@dataclass
class RowStatsBuilder:
    """Part by part."""

    columns: int
    counts: list[int] = field(default_factory=list)
    _tree: PairwiseSum = field(default_factory=PairwiseSum)
    _some: list[tuple] = field(default_factory=list)  # drawn numbers, X, Y, weights
    _means: list[np.ndarray] = field(default_factory=list)  # of x and y, of each part that has rows
    _chance: float = 1.0
    _held: int = 0

    @classmethod
    def of_many(cls, columns: int, rows: int) -> RowStatsBuilder:
        """For some parts of so many rows in all: it need hold little more of them than are to be kept in the
        end. With a chance that leaves that many it is the same sample."""
        begun = cls(columns)
        while rows * begun._chance > 2.5 * begun._most:
            begun._chance /= 2
        return begun

    @classmethod
    def together(cls, runs: Sequence[RowStatsBuilder]) -> RowStatsBuilder:
        """Of neighbouring runs of parts, all but the last with the same number of them, a power of two."""
        whole = cls(runs[0].columns, _chance=min(run._chance for run in runs))
        for run in runs:
            whole.counts += run.counts
            whole._tree.add(run._tree.total)
            whole._some += run._some
            whole._means += run._means
        whole._thin()
        while whole._held > whole._most:
            whole._chance /= 2
            whole._thin()
        return whole

    def add(self, part: Dataset, first: int, places: np.ndarray | None) -> None:
        """The rows of a part whose first one has the number `first`; `places` of them in it, None for all."""
        n = len(part)
        self.counts.append(n)
        if not n:
            return
        Y = np.zeros((n, 0)) if part.y is None else np.asarray(part.y, dtype=float).reshape(n, -1)
        s = part.weights
        share = None if s is None else s / s.mean()
        weight = float(n if s is None else s.sum())
        self._moments(second_moments(part.X, Y, share, weight))
        self._sample(part.X, Y, s, first, places)

    def add_columns(self, block: NumericBlock, targets: int, first: int) -> None:
        """The same, of numbers that lie column by column, targets first."""
        n = block.columns.shape[1]
        self.counts.append(n)
        if n:
            X, Y = block.columns[targets:].T, np.ascontiguousarray(block.columns[:targets].T)
            self._moments(second_moments(X, Y, None, float(n)))
            self._sample(X, Y, None, first, block.places)

    def _moments(self, found: SecondMoments) -> None:
        self._tree.add(found)
        self._means.append(np.append(found.mean, found.target))

    def _sample(self, X, Y, weights, first: int, places: np.ndarray | None) -> None:
        """Rows whose drawn number is below the chance, which is halved where they become too many."""
        n = len(X)
        count = n if places is None else int(places[-1]) + 1
        draws = drawn(first, count, 0, SAMPLED)
        draws = draws if places is None else draws[places]
        taken = np.flatnonzero(draws < self._chance)
        part = X[taken] if X.flags.c_contiguous else np.ascontiguousarray(X[taken])
        self._some.append((draws[taken], part, Y[taken], None if weights is None else weights[taken]))
        self._held += len(taken)
        while self._held > self._most:
            self._chance /= 2
            self._thin()

    @property
    def _most(self) -> int:
        return 2 * min(SAMPLE, max(1000, NUMBERS // max(1, self.columns)))

    def _thin(self) -> None:
        kept = [np.flatnonzero(some[0] < self._chance) for some in self._some]
        self._some = [
            tuple(None if array is None else array[rows] for array in some)
            for some, rows in zip(self._some, kept)
        ]
        self._held = sum(map(len, kept))

    @property
    def result(self) -> RowStats | None:
        """None where no row counts."""
        if self._tree.total is None:
            return None
        _, X, Y, weights = zip(*self._some)
        s = None if weights[0] is None else np.concatenate(weights)
        total: SecondMoments = self._tree.total
        spread = np.zeros(len(total.target)) if total.variance is None else total.variance
        variance = np.append(np.diag(total.G), spread)
        between = np.var(self._means, axis=0) - variance * len(self._means) / sum(self.counts)
        drift = float((between[variance > 0] / variance[variance > 0]).max(initial=0.0))
        return RowStats(total, tuple(self.counts), (np.concatenate(X), np.concatenate(Y), s), drift)
