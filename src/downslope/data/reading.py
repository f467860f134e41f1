"""From what people keep (files, globs, queries, frames) to the named columns of one Arrow table.

Files are read as they are: no row is skipped, no column is renamed, and what cannot be read is refused
with the line or the column that is at fault.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DownslopeError
from .cells import (
    STRAYS,
    CellCounts,
    Seen,
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
    strays: Mapping[str, Seen] = field(default_factory=dict)  # cells that are not of their column's kind
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
        """The rows of `source`. encoding, header: of texts, for whoever knows better than they tell.

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
        values = column.cast(pa.float64(), safe=False).to_numpy()
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
