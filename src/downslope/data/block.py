"""One part of the rows, as it was read: which of its rows count, and their numbers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..arguments import is_number
from ..errors import DownslopeError
from .checks import Counting, known_cells, refuse_bad_numbers, rows_that_count, stray_refused
from .dataset import Dataset
from .encoding import Encoding
from .lease import leased
from .parts import drawn
from .reading import Table
from .request import Request

HELD, SAMPLED = 1, 2  # what numbers are drawn for


@dataclass(frozen=True)
class Held:
    """Rows held out: those whose drawn number is below `fraction`. `out`: these rows, or all others."""

    fraction: float
    seed: int = 0
    out: bool = False

    def __post_init__(self):
        if not (is_number(self.fraction) and 0 < self.fraction < 1):
            raise DownslopeError("data.split_fraction", fraction=self.fraction)

    def kept(self, first: int, count: int) -> np.ndarray:
        """Which of the rows first, first + 1, … are on this side."""
        return (drawn(first, count, self.seed, HELD) < self.fraction) == self.out


@dataclass(frozen=True)
class Filter:
    """Which rows count: those with known targets and a weight, on one side of the split, and under
    on_bad_row="skip" without a hole; under "fail" a hole is refused by its row."""

    request: Request
    on_bad_row: str | None = None
    held: Held | None = None

    def rows(self, table: Table, first: int) -> tuple[Table, Counting]:
        """The rows that count, and which those of the part are. `first`: the number of the part's first row,
        by which a row at fault is told."""
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
    """What is told of a row of a part is told by the row's number in the whole."""
    try:
        yield
    except DownslopeError as error:
        if first and "row" in error.facts:
            raise DownslopeError(error.key, **{**error.facts, "row": error.facts["row"] + first}) from None
        raise


@dataclass(frozen=True, eq=False)
class Block:
    """Numbers of the rows of a part that count.  columns (c, b): one after the other, as in Arrow."""

    columns: np.ndarray
    places: np.ndarray | None
    sums: np.ndarray  # (c,)

    @classmethod
    def plain(cls, table: Any, names: tuple[str, ...], held: Held | None, first: int) -> Block | None:
        """Where all columns are finite numbers without a hole, which needs no encoding; None elsewhere. The
        numbers lie in a place of this thread's own: they hold until the next part."""
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
    from ..kernels.rows import transpose
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
