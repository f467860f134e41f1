"""From what people keep (files, globs, queries, frames) to the named columns of one Arrow table.

Files are read as they are: no row is skipped, no column is renamed, and what cannot be read is refused
with the line or the column that is at fault.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DownslopeError, nearest
from .cells import (
    STRAYS,
    CellCounts,
    Occurrences,
    TextFormat,
    counted,
    infer_formats,
    kind_of_type,
    strays_among,
    typed,
)
from .database import Limits, in_one_line
from .delimited import NUMBER, is_text
from .layout import Layout, Note
from .numbers import as_numpy
from .source import Source, opened_source, repeated_name


@dataclass(frozen=True, eq=False)
class Table:
    """Named columns as they were read, with the words that say where they came from.

    >>> table = Table.read({"x": [1, 2, 3], "colour": ["red", None, "blue"]})
    >>> table.names, len(table), table.kind("colour")
    (('x', 'colour'), 3, 'text')
    """

    columns: Any  # pyarrow.Table
    source: str
    notes: tuple[Note, ...] = ()  # what is to be said of how they were read
    formats: Mapping[str, TextFormat] = field(default_factory=dict)  # of columns that were cells of text
    counts: Mapping[str, CellCounts] = field(default_factory=dict)  # of the same, where all rows are here
    strays: Mapping[str, Occurrences] = field(
        default_factory=dict
    )  # cells that are not of their column's kind
    index: tuple[str, ...] = ()  # columns that only name the rows
    layout: Layout | None = None  # of texts: that of the first

    @classmethod
    def read(
        cls,
        source: Any,
        encoding: str | None = None,
        header: bool | None = None,
        formats: Mapping[str, TextFormat] | None = None,
    ) -> Table:
        """The rows of `source`. encoding, header: of texts, given by the user instead of inferred.

        source: path or glob of CSV, TSV, Parquet, JSON or JSON Lines files (.gz and .zst too); a SQL query
            that starts with SELECT, WITH or FROM and names files relative to the current directory; a pandas
            or polars DataFrame; a pyarrow Table; or a dict of columns.
        formats: of columns whose cells of text are to be read as those of other rows were.

        Raises DownslopeError for anything that is not a table with at least one row and distinct names.
        """
        if isinstance(source, (str, Path)):
            return cls.of(opened_source(str(source), encoding, header), formats)
        columns, words = _from_memory(source), type_name(source)
        names = [name or f"column{place}" for place, name in enumerate(columns.column_names)]
        repeated_name(names, words)
        if columns.num_columns == 0 or columns.num_rows == 0:
            raise DownslopeError("data.no_rows", source=words)
        table = cls(columns.rename_columns(names), words)
        return table if formats is None else table.read_as(formats)

    @classmethod
    def of(cls, source: Source, formats: Mapping[str, TextFormat] | None = None) -> Table:
        """All rows of files or of a query."""
        import pyarrow as pa

        try:
            batches = list(source.raw(source.names, Limits()))
        finally:
            source.close()
        if not batches:
            raise DownslopeError("data.no_rows", source=source.words)
        return cls.of_cells(source, pa.Table.from_batches(batches), formats)

    @classmethod
    def of_cells(cls, source: Source, cells: Any, formats: Mapping[str, TextFormat] | None = None) -> Table:
        """All rows of a source, whose cells of text are not read yet."""
        known = dict(formats or {})
        left = [name for name in source.cells if name not in known]
        counts, plain = count_cells(cells, left, careful=False)
        found, enough = infer_formats(counts, source.delimiter)
        if not enough:
            counts, plain = count_cells(cells, left, careful=True)
            found, _ = infer_formats(counts, source.delimiter)
        for name, values in plain.items():
            if found[name].is_plain:
                cells = cells.set_column(cells.column_names.index(name), name, values)
        table = cls(cells, source.words, source.notes, index=source.index, layout=source.layout)
        return replace(table.read_as({**found, **known}), counts=counts)

    def read_as(self, formats: Mapping[str, TextFormat]) -> Table:
        """The same rows, with cells of text read in these ways."""
        columns, strays, read = self.columns, dict(self.strays), dict(self.formats)
        for place, name in enumerate(columns.column_names):
            if name not in formats or read.get(name) == formats[name]:
                continue
            read[name] = formats[name]
            if is_text(columns.schema.field(place).type):
                cells = columns.column(place)
                values = typed(cells, formats[name])
                columns = columns.set_column(place, name, values)
                if values.null_count > cells.null_count and (found := strays_among(cells, values)).count:
                    strays[name] = found
        return replace(self, columns=columns, formats=read, strays=strays)

    def stray_notes(self, name: str) -> list[Note]:
        """What is to be said of cells that are not of their column's kind, where nobody has counted all."""
        strays, column = self.strays.get(name), self.columns.column(name)
        if strays is None or name in self.counts:
            return []
        row, value = strays.first[0]
        known = len(column) - column.null_count + strays.count
        facts = {"column": name, "count": strays.count, "known": known, "row": row, "value": value}
        return [(STRAYS[self.formats[name].kind], facts)]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.columns.column_names)

    def __len__(self) -> int:
        return self.columns.num_rows

    def __repr__(self) -> str:
        return f"Table(rows={len(self)}, columns={self.names}, source={self.source!r})"

    def take(self, rows: np.ndarray) -> Table:
        """The rows whose positions are given, in that order."""
        return replace(self, columns=self.columns.take(rows))

    def kind(self, name: str) -> str:
        """What a column holds: "numeric", "boolean", "text", "date", "time" (of day),
        "missing" (nothing at all) or "other".

        >>> Table.read({"x": [None, True]}).kind("x")
        'boolean'
        """
        column = self.columns.column(name)
        return "missing" if column.null_count == len(column) else kind_of_type(column.type)

    def example(self, name: str) -> str:
        """A known value of a column, as text: the first that is not a number, else the first."""
        values = [str(value) for value in self.columns.column(name).unique().drop_null().to_pylist()]
        return next((value for value in values if not re.match(NUMBER, value)), values[0])

    def numbers(self, name: str) -> np.ndarray:
        """A column that is no text as float64 (n,): NaN where missing, dates in days since 1970, times of
        day in minutes.

        >>> from datetime import date
        >>> Table.read({"day": [date(1970, 1, 3), None]}).numbers("day")
        array([ 2., nan])
        """
        import pyarrow as pa

        column, kind = self.columns.column(name), self.kind(name)
        if kind == "missing":
            return np.full(len(self), np.nan)
        if kind == "date":
            column = column.cast(pa.timestamp("us", getattr(column.type, "tz", None)), safe=False).cast(
                pa.int64()
            )
        elif kind == "time":
            column = column.cast(pa.time64("us"), safe=False).cast(pa.int64())
        elif kind == "boolean":
            column = column.cast(pa.uint8())
        values = as_numpy(column.cast(pa.float64(), safe=False))
        return values / {"date": 86_400e6, "time": 60e6}[kind] if kind in ("date", "time") else values

    def text(self, name: str) -> tuple[np.ndarray, list[str]]:
        """A column as category codes, shape (n,), and the categories that they number; −1 where missing.

        >>> Table.read({"colour": ["red", None, "red"]}).text("colour")
        (array([ 0, -1,  0], dtype=int32), ['red'])
        """
        import pyarrow as pa

        column = self.columns.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        coded = column.cast(pa.large_string()).combine_chunks().dictionary_encode()
        if isinstance(coded, pa.ChunkedArray):
            coded = coded.unify_dictionaries().combine_chunks()
        return coded.indices.fill_null(-1).to_numpy(), coded.dictionary.to_pylist()


def count_cells(cells: Any, names: Any, careful: bool) -> tuple[dict[str, CellCounts], dict[str, Any]]:
    """Of some columns of a pyarrow Table; and those that are plain numbers as such."""
    import pyarrow as pa

    counts, plain = counted(names), {}
    for name, found in counts.items():
        numbers = [found.add(chunk, careful) for chunk in cells.column(name).chunks]
        if found.known and all(chunk is not None for chunk in numbers):
            plain[name] = pa.chunked_array(numbers)
    return counts, plain


def type_name(source: Any) -> str:
    """What something in memory is called when it is spoken of.

    >>> type_name(np.zeros(2)), type_name([1, 2])
    ('numpy.ndarray', 'list')
    """
    return f"{type(source).__module__.partition('.')[0]}.{type(source).__name__}".removeprefix("builtins.")


# ---------------------------------------------------------------------------------------- in memory


def _from_memory(source: Any) -> Any:
    import pyarrow as pa

    room = type(source).__module__.partition(".")[0]
    try:
        if isinstance(source, pa.Table):
            return source
        if room == "pandas" and hasattr(source, "columns"):
            # pandas would let a repeated name reach Arrow, which refuses it with another sentence
            if not source.columns.is_unique:
                again = source.columns[source.columns.duplicated()][0]
                raise DownslopeError("data.repeated_name", source=type_name(source), column=again)
            return pa.Table.from_pandas(_plain_frame(source), preserve_index=False)
        if room == "polars" and hasattr(source, "collect"):  # a LazyFrame
            source = source.collect()
        if room == "polars" and hasattr(source, "to_arrow"):
            table = source.to_arrow()
            return table if isinstance(table, pa.Table) else pa.table({source.name: table})
        if isinstance(source, Mapping):
            return pa.table(
                {str(name): pa.array(values, from_pandas=True) for name, values in source.items()}
            )
    except (pa.ArrowException, TypeError) as error:
        raise DownslopeError(
            "data.cannot_read", source=type_name(source), reason=in_one_line(error)
        ) from None
    raise DownslopeError("data.not_a_source", found=type_name(source))


def _plain_frame(frame: Any) -> Any:
    """A pandas frame with names that are texts, and categories that are: pd.cut makes intervals of them."""
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    for name, kind in frame.dtypes.items():
        if type(kind).__name__ == "CategoricalDtype" and kind.categories.dtype != object:
            frame[name] = frame[name].cat.rename_categories([str(value) for value in kind.categories])
        elif type(kind).__name__ in ("IntervalDtype", "PeriodDtype"):
            frame[name] = frame[name].astype(str).where(frame[name].notna())
    return frame


# ---- which rows count, and what is refused of their cells ----------------------------------------------


NAMES = 12  # of columns, that a refusal lists


def as_names(asked: Any) -> tuple[str, ...]:
    """Names, of which pandas makes numbers."""
    if asked is None:
        return ()
    return tuple(map(str, asked)) if isinstance(asked, list | tuple) else (str(asked),)


def nearest_names(asked: str, names: Sequence[str]) -> str:
    """The names that would have worked: the nearest first, and not hundreds of them."""
    if len(names) > NAMES:
        names = get_close_matches(asked, names, n=NAMES, cutoff=0.0)
    return nearest(asked, names)


def check_targets(table: Table, targets: Sequence[str], weights: str | None) -> None:
    """Refuse targets and weights of a kind that can not serve, and strays among their numbers."""
    for name in targets:
        check_target_kind(table.kind(name), name)
    check_weights_kind(table, weights)
    for name in (*targets, *as_names(weights)):
        if name in table.strays:
            row, value = table.strays[name].first[0]
            raise stray_refused(table.source, name, row, value)


def check_target_kind(kind: str, name: str) -> None:
    if kind in ("date", "time"):
        raise DownslopeError("data.target_date", column=name)
    if kind == "other":
        raise DownslopeError("data.other_column", column=name)


def check_weights_kind(table: Table, weights: str | None) -> None:
    if weights is not None and table.kind(weights) not in ("numeric", "boolean", "missing"):
        raise DownslopeError("data.weights_kind", column=weights, example=table.example(weights))


def stray_refused(source: str, column: str, row: int, value: str) -> DownslopeError:
    return DownslopeError("data.text_in_numbers", source=source, row=row, column=column, value=value)


@dataclass(frozen=True)
class Counting:
    """Which rows count.  places: None for all.  untargeted, weightless: how many do not, for what reason."""

    places: np.ndarray | None
    untargeted: int = 0
    weightless: int = 0

    def of(self, table: Table) -> Table:
        return table if self.places is None else table.take(self.places)

    def notes(self, targets: Sequence[str], rows: int) -> list[Note]:
        return dropped_notes(self.untargeted, self.weightless, targets, rows)


def dropped_notes(untargeted: int, weightless: int, targets: Sequence[str], rows: int) -> list[Note]:
    """Of rows that were left out: they have no target, or weigh nothing."""
    notes: list[Note] = []
    if untargeted:
        facts = {"count": untargeted, "targets": ", ".join(targets), "rows": rows}
        notes.append(("data.note_dropped", facts))
    if weightless:
        notes.append(("data.note_weightless", {"count": weightless, "rows": rows}))
    return notes


def rows_that_count(
    table: Table, targets: Sequence[str], weights: str | None, kept: np.ndarray | None = None
) -> Counting:
    """Rows with known targets and a weight above 0, of those that are `kept`."""
    kept = np.ones(len(table), dtype=bool) if kept is None else kept
    before = int(kept.sum())
    for name in targets:
        kept = kept & known_cells(table, name)
    with_target = int(kept.sum())
    if weights is not None:
        kept = kept & (table.numbers(weights) > 0)
    places = None if kept.all() else np.flatnonzero(kept)
    weighed = len(table) if places is None else len(places)
    return Counting(places, before - with_target, with_target - weighed)


def known_cells(table: Table, name: str, finite: bool = False) -> np.ndarray:
    """Which cells of a column hold a value."""
    if table.kind(name) in ("text", "other"):
        column = table.columns.column(name)
        return as_numpy(column.is_valid(), bool) if column.null_count else np.ones(len(table), dtype=bool)
    values = table.numbers(name)
    return np.isfinite(values) if finite else ~np.isnan(values)


def column_values(table: Table, name: str) -> np.ndarray:
    """The values of a column, (n,): numbers or texts. Raises DownslopeError where some are missing."""
    known = known_cells(table, name)
    if not known.all():
        raise DownslopeError("selection.column_missing", column=name, count=int((~known).sum()))
    if table.kind(name) in ("text", "other"):
        codes, texts = table.text(name)
        return np.array(texts)[codes]
    return table.numbers(name)


def refuse_bad_numbers(table: Table, names: Sequence[str], weights: str | None) -> None:
    """Infinite numbers and weights that are none: the error names the first such row by its number, before
    any is dropped."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found: list[tuple[int, int, DownslopeError]] = []
    for place, name in enumerate(names):
        column = table.columns.column(name)
        plain = pa.types.is_float64(column.type)  # Arrow looks without a copy; whole numbers are finite
        suspect = pc.any(pc.is_inf(column)).as_py() if plain else not pa.types.is_integer(column.type)
        if suspect and table.kind(name) == "numeric":
            values = table.numbers(name)
            infinite = np.flatnonzero(np.isinf(values))
            if infinite.size:
                row = int(infinite[0])
                facts = {"column": name, "row": row + 1, "value": float(values[row])}
                found.append((row, place, DownslopeError("data.infinite", **facts)))
    if weights is not None:
        values = table.numbers(weights)
        bad = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
        if bad.size:
            row = int(bad[0])
            error = DownslopeError("data.weight_value", row=row + 1, value=float(values[row]))
            found.append((row, len(names), error))
    if found:
        raise min(found)[2]
