"""From what people keep (files, globs, queries, frames) to the named columns of one Arrow table.

Files are read as they are: no row is skipped, no column is renamed, and what cannot be read is refused
with the line or the column that is at fault.
"""

from __future__ import annotations

import csv
import glob
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DownslopeError
from .database import QueryError, in_one_line, query_of, rows_of
from .delimited import NUMBER, from_delimited, is_text, opened, settled
from .layout import Layout, Note

QUERY = re.compile(r"\s*(select|with|from)\b", re.IGNORECASE)


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
    layout: Layout | None = None  # of a text, the first of several

    @classmethod
    def read(cls, source: Any, encoding: str | None = None, header: bool | None = None) -> Table:
        """The rows of `source`. encoding, header: of texts, for whoever knows better than they tell.

        source: path or glob of CSV, TSV, Parquet, JSON or JSON Lines files (.gz and .zst too); a SQL query
            that starts with SELECT, WITH or FROM and names files relative to the current directory; a pandas
            or polars DataFrame; a pyarrow Table; or a dict of columns.

        Raises DownslopeError for anything that is not a table with at least one row and distinct names.
        """
        if isinstance(source, (str, Path)):
            words = str(source)
            columns, notes, layout = _from_words(words, encoding, header)
        else:
            columns, words, notes, layout = _from_memory(source), type_name(source), (), None
        repeated_name(columns.column_names, words)
        if columns.num_columns == 0 or columns.num_rows == 0:
            raise DownslopeError("data.no_rows", source=words)
        return cls(columns, words, tuple(notes), layout)

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
        """What a column holds: "numeric", "boolean", "text", "date", "missing" (nothing at all) or "other".

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
        """A numeric, boolean or date column as float64 (n,): NaN where missing, dates in days since 1970.

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
        elif kind == "boolean":
            column = column.cast(pa.uint8())
        values = column.cast(pa.float64(), safe=False).to_numpy()
        return values / 86_400e6 if kind == "date" else values

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


def kind_of_type(held: Any) -> str:
    """What a column of an Arrow type holds."""
    import pyarrow.types as types

    if types.is_null(held):
        return "missing"
    if types.is_boolean(held):
        return "boolean"
    if types.is_integer(held) or types.is_floating(held) or types.is_decimal(held):
        return "numeric"
    if types.is_date(held) or types.is_timestamp(held):
        return "date"
    # whoever made a column categorical, of numbers even, wants categories
    return "text" if is_text(held) or types.is_dictionary(held) else "other"


def repeated_name(names: Sequence[str], source: Any) -> None:
    """Refuse columns of which two have one name."""
    if len(set(names)) < len(names):
        again = next(name for name in names if list(names).count(name) > 1)
        raise DownslopeError("data.repeated_name", source=source, column=again)


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
            return pa.Table.from_pandas(_plain_columns(source), preserve_index=False)
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


# ------------------------------------------------------------------------------- files and queries


_Read = tuple[Any, Sequence[Note], Layout | None]  # a pyarrow Table, and of texts how they were read


def _from_words(words: str, encoding: str | None, header: bool | None) -> _Read:
    if QUERY.match(words) and not exists(Path(words)):
        return _from_query(words), (), None
    paths = files_of(words)
    if len(paths) > 1 or not exists(Path(words)):
        return _stacked(paths, words, encoding, header)
    return _from_file(paths[0], encoding, header)


def files_of(words: str) -> list[Path]:
    """The files that a path or a glob names, in the order of their names."""
    path = Path(words)
    if exists(path):
        return [path]
    if not glob.has_magic(words):
        raise DownslopeError("data.no_such_file", path=words)
    paths = sorted(Path(found) for found in glob.glob(words, recursive=True) if Path(found).is_file())
    if not paths:
        raise DownslopeError("data.no_match", pattern=words)
    return paths


def exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a long query is no file name
        return False


def kind_of_file(path: Path) -> str:
    """By the ending of its name: "parquet", "json", or "text" for all others."""
    packed = path.suffix.lower() in (".gz", ".zst")
    kind = (path.with_suffix("").suffix if packed else path.suffix).lower()
    if kind in (".parquet", ".pq"):
        return "parquet"
    return "json" if kind in (".json", ".jsonl", ".ndjson") else "text"


def _from_query(query: str) -> Any:
    try:
        return settled(rows_of(query_of(query)), decimal_comma=False)
    except QueryError as error:
        raise DownslopeError("data.sql", reason=str(error)) from None


def _from_file(path: Path, encoding: str | None, header: bool | None) -> _Read:
    if path.is_dir():
        raise DownslopeError("data.directory", path=path)
    kind = kind_of_file(path)
    try:
        with opened(path) as file:
            if not file.read(1 << 16).strip():
                raise DownslopeError("data.empty_file", path=path)
        if kind == "parquet":
            return rows_of("SELECT * FROM read_parquet($path)", path=path), (), None
        if kind == "json":
            return rows_of("SELECT * FROM read_json($path, sample_size = -1)", path=path), (), None
        table, text = from_delimited(path, path, encoding, header)
        return table, text.notes, text.layout
    except (QueryError, csv.Error, OSError, EOFError) as error:
        raise DownslopeError("data.cannot_read", source=path, reason=in_one_line(error)) from None


def _stacked(paths: list[Path], pattern: str, encoding: str | None, header: bool | None) -> _Read:
    """The rows of several files, in the order of their names; each must have the columns of the first."""
    import pyarrow as pa

    read = [_from_file(path, encoding, header) for path in paths]
    tables = [table for table, _, _ in read]
    for path, table in zip(paths, tables):
        odd = sorted(set(table.column_names) ^ set(tables[0].column_names))
        if odd:
            raise DownslopeError("data.files_differ", path=path, first=paths[0], column=odd[0])
    try:
        table = pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException as error:
        raise DownslopeError("data.cannot_read", source=pattern, reason=in_one_line(error)) from None
    notes: list[Note] = []
    for _, said, _ in read:
        notes += [note for note in said if note not in notes]
    return table, notes, read[0][2]


def _plain_columns(frame: Any) -> Any:
    """A frame of pandas with its intervals and periods, of which Arrow knows nothing, as text."""
    plain = frame
    for place, kind in enumerate(frame.dtypes):
        inside = getattr(getattr(kind, "categories", None), "dtype", kind)
        if type(inside).__name__ in ("IntervalDtype", "PeriodDtype"):
            column = frame.iloc[:, place]
            plain = plain.copy(deep=False) if plain is frame else plain
            plain[frame.columns[place]] = column.astype(str).astype(object).where(column.notna(), None)
    return plain
