"""The first pass over rows, in parts or in memory: what is learned of their columns, how fast they come."""

from __future__ import annotations

import operator
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from ..errors import DownslopeError
from .cells import CellCounts, TextFormat, counted, infer_formats
from .database import Limits
from .encoding import LASTING, About, ColumnRequest, Encoding
from .layout import Note
from .partitioned import RowStats, RowStatsBuilder, numbered
from .parts import Holdout, PairwiseSum, ReadOptions, ahead, cut, limits, part_size
from .reading import (
    Counting,
    Table,
    as_names,
    check_target_kind,
    check_weights_kind,
    dropped_notes,
    known_cells,
    refuse_bad_numbers,
    rows_that_count,
    stray_refused,
)
from .source import Source
from .statistics import Summary

HEAD = 10_000  # rows by which is guessed what cells of text hold
MAY_BE_MISREAD = (
    "data.infinite", "data.weight_value", "data.target_date", "data.other_column", "data.weights_kind",
    "data.hole",
)  # fmt: skip
WIDE = 2_000  # encoded columns up to which second moments are held


@dataclass(frozen=True)
class Filter:
    """Which rows count: those with known targets and a weight, on one side of the split, and under
    on_bad_row="skip" without a missing value; under "fail" a missing value is an error that names its row."""

    request: ColumnRequest
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


@dataclass(frozen=True)
class FirstPass:
    """origin: the source, whose cells of text are now read as all of them say.  request: for the columns that
    serve.  encoding: how columns become
    numbers.  known: what is known of each.  rows: of the source, less those `skipped`, which are none.
    gathered: for plain numbers, what the model asks first.  pace: bytes of numbers a second, at which the
    source was decoded.  said: of rows that were left out."""

    origin: Source
    request: ColumnRequest
    encoding: Encoding
    known: dict[str, Summary]
    rows: int
    skipped: int
    gathered: RowStats | None
    pace: float
    said: tuple[Note, ...]


@dataclass(frozen=True)
class PartialPass:
    """What was learned from a run of parts. Neighbouring runs are added, in the order of a `PairwiseSum`."""

    known: dict[str, Summary]
    rows: int
    count: int  # of them, those that count
    untargeted: int
    weightless: int
    counters: dict[str, int]  # column that counts the rows in their order → where it begins, 0 or 1
    gathering: RowStatsBuilder | None  # of plain numbers

    def __add__(self, other: PartialPass) -> PartialPass:
        plain = self.gathering is not None and other.gathering is not None
        runs = [run.gathering for run in (self, other) if run.gathering is not None]
        both = self.counters.items() & other.counters.items()
        return PartialPass(
            {name: found + other.known[name] for name, found in self.known.items()},
            self.rows + other.rows,
            self.count + other.count,
            self.untargeted + other.untargeted,
            self.weightless + other.weightless,
            dict(both),
            RowStatsBuilder.together(runs) if plain else None,
        )


def learned(origin: Source, filtered: Filter, reading: ReadOptions, learn: Any = None) -> FirstPass:
    """One pass over the rows: how their columns become numbers, and for plain numbers all else, too. Another
    is made where cells of text do not hold what the first of them do, and where missing values count only in
    columns that serve."""
    learn = learn or learned_as_guessed  # which asks for all rows in this process
    if filtered.on_bad_row is None:
        return learn(origin, filtered, reading)
    skipping, notes = replace(filtered, on_bad_row="skip"), []
    while True:
        result = learn(origin, skipping, reading)
        if len(result.request.chosen) == len(skipping.request.chosen):
            break
        notes += left_notes(result.encoding)
        origin, skipping = result.origin, replace(skipping, request=result.request)
    if filtered.on_bad_row == "fail":
        result = learn(result.origin, replace(filtered, request=result.request), reading)
    return replace(result, encoding=replace(result.encoding, notes=(*notes, *result.encoding.notes)))


def learned_as_guessed(origin: Source, filtered: Filter, reading: ReadOptions) -> FirstPass:
    """What cells of text hold is guessed from the first of them; a second pass is made where all say
    otherwise."""
    cells = [name for name in filtered.request.columns if name in origin.cells]
    careful = False
    if cells and not origin.formats:
        head = list(islice(origin.raw(cells, Limits(HEAD)), 1))
        counts = counted(cells)
        for name, found in counts.items():
            for batch in head:
                found.add(batch.column(name), careful)
        formats, enough = infer_formats(counts, origin.delimiter)
        origin, careful = replace(origin, formats=formats), not enough
    while True:
        result, formats, enough = _one_pass(origin, filtered, reading, cells, careful)
        if result is not None:
            return result
        origin, careful = replace(origin, formats={**origin.formats, **formats}), careful or not enough


def _one_pass(
    origin: Source, filtered: Filter, reading: ReadOptions, cells: Sequence[str], careful: bool
) -> tuple[FirstPass | None, dict[str, TextFormat], bool]:
    """What is learned where cells are read as `origin.formats` say, None where that was not right; what all
    of them say, and whether that is for certain."""
    request = filtered.request
    size, names = part_size(reading, len(request.columns)), request.columns
    seconds, skipped, counts = [0.0], [0], counted(cells)
    origin.meter.begin_pass()

    def lost(count: int) -> None:
        skipped[0] += count

    def count(batch: Any) -> dict[str, Any]:
        return {name: found.add(batch.column(name), careful) for name, found in counts.items()}

    lenient = lost if reading.on_bad_row == "skip" else None
    scan = origin.scan(names, limits(origin, reading), origin.meter, lenient, count if cells else None)
    failure = looked = None
    try:
        looked = look(ahead(cut(_timed(scan, seconds), size)), 0, origin, filtered, reading)
    except DownslopeError as error:
        if not cells or error.key not in MAY_BE_MISREAD:
            raise
        failure, counts = error, counted(cells)
        for batch in origin.raw(cells, limits(origin, reading), None, lenient and (lambda count: None)):
            count(batch)
    formats, enough = infer_formats(counts, origin.delimiter)
    right = all(origin.formats[name] == form for name, form in formats.items())
    if (not enough and not careful) or not right:
        return None, formats, enough
    if failure is not None:
        raise _by_its_cell(failure, origin, counts)
    pace = 8 * looked.rows * len(names) / seconds[0] if looked and seconds[0] else 0.0
    return infer_types(looked, origin, filtered, skipped[0], pace, counts), formats, enough


def _by_its_cell(error: DownslopeError, origin: Source, counts: Mapping[str, CellCounts]) -> DownslopeError:
    """A missing value that is not an empty cell is reported with its content."""
    name, row = error.facts.get("column"), error.facts.get("row")
    if error.key == "data.hole" and isinstance(name, str) and isinstance(row, int) and name in counts:
        for place, value in counts[name].strays(origin.formats[name]).first:
            if place == row:
                return stray_refused(origin.words, name, row, value)
    return error


def left_notes(encoding: Encoding) -> list[Note]:
    """Of columns that do not serve."""
    used = {column.name for column in encoding.columns}
    return [note for note in encoding.notes if "column" in note[1] and note[1]["column"] not in used]


def infer_types(
    looked: PartialPass | None,
    origin: Source,
    filtered: Filter,
    skipped: int = 0,
    pace: float = 0.0,
    counts: Mapping[str, CellCounts] | None = None,
) -> FirstPass:
    """What follows from a pass over all parts."""
    request = filtered.request
    if looked is None:
        raise DownslopeError("data.no_rows", source=origin.words)
    about = About(
        origin.formats, counts or {}, origin.layout, frozenset(looked.counters),
        _whole(origin.types, counts or {}), origin.index, filtered.on_bad_row == "skip",
    )  # fmt: skip
    encoding = encoding_from(looked, request, about)
    gathered = looked.gathering.result if looked.gathering is not None else None
    origin.meter.pass_rows = looked.rows  # of texts, nobody knew before
    said = dropped_notes(looked.untargeted, looked.weightless, request.targets, looked.rows)
    said = said if filtered.held is None else []
    used = tuple(column.name for column in encoding.columns)
    gathered = gathered if used == request.chosen else None
    known, request = looked.known, replace(request, chosen=used)
    return FirstPass(origin, request, encoding, known, looked.rows, skipped, gathered, pace, tuple(said))


def encoding_from(looked: PartialPass, request: ColumnRequest, about: About) -> Encoding:
    """The encoding; refused where no row counts."""
    for name in (*request.targets, *as_names(request.weights)):
        about.refuse_strays(request.source, name)
    if not looked.count:
        if looked.untargeted == looked.rows and len(request.targets) == 1:
            raise DownslopeError("data.target_missing", column=request.targets[0])
        if looked.weightless:
            raise DownslopeError("data.weights_all_zero", rows=looked.weightless)
        raise DownslopeError("data.no_rows", source=request.source)
    return request.encoding(looked.known, looked.count, about)


def learn_encoding(
    table: Table,
    target: str | Sequence[str],
    features: Sequence[str] | None = None,
    weights: str | None = None,
    exclude: Sequence[str] | None = None,
) -> Encoding:
    """How the columns of a table become numbers, learned from its rows whose target is known: the same as
    from parts of them.

    target: one column, which makes y (n,), or k of them, (n, k); numeric or boolean; () for none.
    features: columns to use; None means all but the target and the weights, less those that cannot serve.
    weights: column of row weights.

    Raises DownslopeError for a column that does not exist or cannot serve, a target that is constant,
    text, a date or empty, and for fewer than two rows.
    """
    request = ColumnRequest.of(table.names, target, features, weights, table.source, exclude)
    for name in request.targets:
        check_target_kind(table.kind(name), name)
    check_weights_kind(table, request.weights)
    types = dict(zip(table.columns.column_names, table.columns.schema.types))
    looked = look_at(table, 0, Filter(request), None, request.targets)
    about = About(
        table.formats, table.counts, table.layout, frozenset(looked.counters), _whole(types, table.counts),
        table.index,
    )  # fmt: skip
    return encoding_from(looked, request, about)


def learn_again(encoding: Encoding, table: Table) -> Encoding:
    """The same request, on some of the rows: what was excluded, counts all rows or is not read in them stays
    out."""
    chosen = [column.name for column in encoding.columns] if encoding.named else None
    lasting = [note for note in encoding.notes if note[0] in LASTING]
    out = [facts["column"] for _, facts in lasting if facts["column"] in table.names]
    used = {*encoding.targets, *as_names(encoding.weights), *(column.name for column in encoding.columns)}
    used |= {str(facts.get("column")) for _, facts in encoding.notes}  # left out, but not by name
    out += [name for name in table.names if name not in used]
    weights, exclude = encoding.weights, None if encoding.named else out
    found = learn_encoding(table, encoding.targets, chosen, weights, exclude)
    again = [note for note in found.notes if note[0] not in LASTING]
    return replace(found, notes=(*lasting, *again))


def look(
    tables: Iterable[Any], number: int, origin: Source, filtered: Filter, reading: ReadOptions
) -> PartialPass | None:
    """At parts, the first of which has the number `number`; None where there are none."""
    request = filtered.request
    size, names = part_size(reading, len(request.columns)), request.columns
    for name in request.targets:
        check_target_kind(origin.kind_of(name), name)
    plain = all(origin.kind_of(name) == "numeric" for name in names) and request.weights is None
    share = 1.0 if filtered.held is None else 1.0 - filtered.held.fraction
    gathering = None
    if plain and len(names) <= WIDE:
        gathering = RowStatsBuilder.of_many(len(request.chosen), int(share * (origin.rows or 0)))
    tree, many = PairwiseSum(operator.add), set()
    for place, table in enumerate(tables):
        first = (number + place) * size
        counted_ = [name for name in request.targets if name not in many]
        block = NumericBlock.plain(table, names, filtered.held, first) if gathering is not None else None
        part = Table(table, origin.words, formats=origin.formats)
        check_weights_kind(part, request.weights)
        if block is None or gathering is None:
            gathering = None
            looked = look_at(part, first, filtered, None, counted_)
        else:
            counters = _counters(part, request.chosen, first)
            known = _summaries(block, names, counted_)
            looked = PartialPass(known, len(part), block.columns.shape[1], 0, 0, counters, None)
            gathering.add_columns(block, len(request.targets), first)
        many |= {name for name in counted_ if looked.known[name].many}
        tree.add(looked)
    return None if tree.total is None else replace(tree.total, gathering=gathering)


def look_at(
    table: Table, first: int, filtered: Filter, gathering: RowStatsBuilder | None, distinct: Sequence[str]
) -> PartialPass:
    """At one part; `distinct`: columns whose values are counted."""
    request = filtered.request
    counters = _counters(table, request.chosen, first)
    part, counting = filtered.rows(table, first)
    s = None if request.weights is None else part.numbers(request.weights)
    names = (*request.targets, *request.chosen)
    known = {name: Summary.of(part, name, s, name in distinct) for name in names}
    return PartialPass(
        known, len(table), len(part), counting.untargeted, counting.weightless, counters, gathering
    )


def _counters(table: Table, names: Sequence[str], first: int) -> dict[str, int]:
    """Columns that hold the number of each row, from 0 or from 1 on."""
    import pyarrow as pa

    found: dict[str, int] = {}
    n = len(table)
    for name in names:
        column = table.columns.column(name)
        number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
        if not n or not number or column.null_count:
            continue
        begin = column[0].as_py() - first
        ends = begin in (0, 1) and column[n - 1].as_py() == first + begin + n - 1
        if ends and np.array_equal(table.numbers(name), np.arange(first + begin, first + begin + n)):
            found[name] = int(begin)
    return found


def _whole(types: Mapping[str, Any], counts: Mapping[str, CellCounts]) -> frozenset[str]:
    """Columns that hold whole numbers only."""
    import pyarrow as pa

    typed = {name for name, held in types.items() if pa.types.is_integer(held)}
    written = {name for name, count in counts.items() if count.count(["plain", "whole"]) == count.known}
    return frozenset(typed | written)


def _summaries(block: NumericBlock, names: Sequence[str], distinct: Sequence[str]) -> dict[str, Summary]:
    """Of plain numbers."""
    found = lambda name, values: Summary.of_numbers(name, "numeric", values, None, name in distinct)
    return {name: found(name, values) for name, values in zip(names, block.columns)}


def _timed(items: Iterator[Any], seconds: list[float]) -> Iterator[Any]:
    """The same items; how long they took is added up."""
    while True:
        began = time.perf_counter()
        item = next(items, None)
        seconds[0] += time.perf_counter() - began
        if item is None:
            return
        yield item
