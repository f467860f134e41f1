"""Rows in files or behind a query: opened, checked, and read in order, some at a time.

Columns of Parquet files and queries have types. The cells of other files are texts, and what a column of them
holds follows from all of them (`cells.py`): `formats` tells it, once the first pass over the rows is made.
"""

from __future__ import annotations

import glob
import gzip
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import DownslopeError
from .cells import TextFormat, kind_of_type, strays_among, typed
from .database import Limits, QueryError, batches_of, in_one_line, literal, query_of, schema_of
from .delimited import PlainText, is_text, plain_text, refuse_ragged
from .kinds import CHOSEN, Readable, cells_of, in_rows, names_in, printable, readable, refuse_address
from .layout import Layout, Note
from .memory import Copies
from .parts import Meter

QUERY = re.compile(r"\s*(select|with|from)\b", re.IGNORECASE)
TOGETHER = 4  # parts of Parquet files that are read at a time, where several are
INDEX = re.compile(r"__index_level_\d+__")  # the rows' labels, as pandas keeps those without a name
PACKED = (".gz", ".zst")


@dataclass(frozen=True)
class Source:
    """Files of one kind with the same columns, or a query.

    names: of the columns.  types: column → its Arrow type, string for cells of text.  rows: how many there
    are, where that is known without reading them.  bytes: of the files.
    """

    words: str
    paths: tuple[Path, ...]
    kind: str  # "parquet", "text", "json" or "query"
    names: tuple[str, ...]
    types: Mapping[str, Any]
    formats: Mapping[str, TextFormat] = field(default_factory=dict)  # of text cells, once they are known
    rows: int | None = None
    bytes: int | None = None
    group: int = 0  # bytes of the largest piece that Parquet files unpack at once
    ends: tuple[int, ...] = ()  # of Parquet: rows up to the end of each file
    alike: bool = True  # of Parquet: whether all files have the same types
    originals: tuple[Path, ...] = ()  # of texts: the files, where `paths` has copies of them
    copies: Any = field(default=None, repr=False)  # of texts that are not plain: a folder that lives as long
    texts: tuple[PlainText, ...] = field(default=(), repr=False)  # how each is read
    index: tuple[str, ...] = ()  # columns that only name the rows
    exact: bool = False  # whether numbers keep their types, and cells their words for nothing
    stamps: tuple = ()  # size and time of change of each file, as it was opened
    meter: Meter = field(default_factory=Meter, repr=False, compare=False)  # of all that is read of it

    def __post_init__(self):
        stamps = ((status.st_size, status.st_mtime_ns) for status in map(Path.stat, self.paths))
        object.__setattr__(self, "stamps", tuple(stamps))
        self.meter.pass_rows, self.meter.pass_bytes = self.rows or self.meter.pass_rows, self.bytes

    @property
    def notes(self) -> tuple[Note, ...]:
        """What is to be said of how texts are read, each once."""
        found: dict[str, Note] = {}
        for text in self.texts:
            for note in text.notes:
                found.setdefault(repr(note), note)
        return tuple(found.values())

    @property
    def layout(self) -> Layout | None:
        """Of the first text."""
        return next((text.layout for text in self.texts), None)

    @property
    def delimiter(self) -> str:
        return "," if self.layout is None else self.layout.delimiter

    @property
    def cells(self) -> tuple[str, ...]:
        """The columns whose cells are texts of which nobody has said what they hold."""
        return () if self.kind == "parquet" else tuple(n for n in self.names if is_text(self.types[n]))

    @property
    def at_random(self) -> bool:
        """Whether rows in the middle can be read without those before them."""
        return self.kind == "parquet"

    @property
    def numbers(self) -> float:
        """About how many numbers all rows hold, where they are as they lie; infinite where nobody knows."""
        if self.rows is not None:
            return float(self.rows * len(self.names))
        packed = 5 if any(path.suffix.lower() in PACKED for path in self.paths) else 1
        return (self.bytes or 0) * packed / 8 if self.bytes is not None else float("inf")

    def kind_of(self, name: str) -> str:
        """The type of a column, as `Table.kind` returns it."""
        form = self.formats.get(name)
        return kind_of_type(self.types[name]) if form is None else form.kind

    def close(self) -> None:
        """Remove copies of files, once all rows are read."""
        if self.copies is not None:
            self.copies.remove()

    def scan(
        self,
        names: Sequence[str],
        limits: Limits,
        meter: Meter | None = None,
        skipped: Callable[[int], None] | None = None,
        look: Callable[[Any], dict[str, Any]] | None = None,
        stray: Callable[[str, int, str], None] | None = None,
    ) -> Iterator[Any]:
        """Those columns of all rows, in order, as pyarrow RecordBatches: numbers as doubles (unless they are
        to be `exact`), cells of text as their `formats` say.

        skipped: called with the number of lines that are no rows and were left out; without it, one of them
        is refused by its number.  look: shown each batch before its cells are read; gives columns of plain
        numbers.  stray: called with the column, the row and the content of cells that are not of their
        column's kind.
        """
        first = 0
        for batch in self.raw(names, limits, meter, skipped):
            plain = look(batch) if look is not None else {}
            rows = batch.num_rows
            for position, name in enumerate(names):
                form, cells = self.formats.get(name), batch.column(position)
                if form is not None and is_text(cells.type):
                    values = plain.get(name) if form.is_plain else None
                    values = typed(cells, form) if values is None else values
                    batch = batch.set_column(position, name, values)
                    if stray is not None and values.null_count > cells.null_count:
                        for row, value in strays_among(cells, values).first:
                            stray(name, first + row, value)
            first += rows
            yield batch

    def raw(
        self,
        names: Sequence[str],
        limits: Limits,
        meter: Meter | None = None,
        skipped: Callable[[int], None] | None = None,
    ) -> Iterator[Any]:
        """The same with cells of text as they are."""
        import pyarrow as pa

        for query, paths, original in self._queries(names, skipped is not None):
            rejects = (lambda c: skipped(_rejected(c))) if skipped and self.kind == "text" else None
            size = sum(path.stat().st_size for path in paths)
            rows = len(paths) and self.rows and self.rows * size / (self.bytes or 1)
            try:
                for batch in batches_of(query, paths if self.paths else None, limits, rejects):
                    if not batch.num_rows:
                        continue
                    batch = pa.RecordBatch.from_arrays(batch.columns, names=list(names))
                    if meter is not None:
                        share = int(size * batch.num_rows / rows) if rows else 0
                        meter.add(batch.num_rows, share or batch.nbytes - 3 * batch.num_rows * len(names))
                    yield batch
            except QueryError as error:
                raise self._refusal(str(error), original) from None

    def between(self, names: Sequence[str], first: int, last: int, limits: Limits) -> Any:
        """Rows first … last − 1 of Parquet files, a pyarrow Table; only the pieces with them are read."""
        import pyarrow as pa

        found: list[Any] = []
        begin = 0
        for path, end in zip(self.paths, self.ends):
            if begin < last and first < end:
                where = f"place >= {max(first, begin) - begin} AND place < {last - begin}"
                query = f"SELECT {self._selected(names)} FROM {self._parquet([path], places=True)}"
                try:
                    found += batches_of(f"{query} WHERE {where}", [path], limits)
                except QueryError as error:
                    raise self._refusal(str(error), path) from None
            begin = end
        return pa.Table.from_batches(found).rename_columns(list(names))

    def parts(self, names: Sequence[str], size: int, first: int, last: int, limits: Limits) -> Iterator[Any]:
        """Parts first … last − 1 of Parquet files, of so many rows each: some are read at a time, as to find
        a place takes longer than to read a part."""
        for begin in range(first, last, TOGETHER):
            end = min(begin + TOGETHER, last)
            table = self.between(names, begin * size, end * size, limits)
            yield from (table.slice(part * size, size) for part in range(end - begin))

    # ---- queries: columns go by their place, as DuckDB's names do not distinguish x from X -----------------

    def _queries(self, names: Sequence[str], lenient: bool) -> Iterator[tuple[str, list[Path], Any]]:
        """What is asked of DuckDB, one after the other: the query, the files, and what to call them."""
        selected = self._selected(names)
        if self.kind == "query":
            yield f"SELECT {selected} FROM ({query_of(self.words)}) AS t({self._columns()})", [], self.words
        elif self.kind == "parquet" and self.alike:
            yield f"SELECT {selected} FROM {self._parquet(self.paths)}", [*self.paths], self.words
        elif self.kind == "parquet":
            for path in self.paths:
                yield f"SELECT {selected} FROM {self._parquet([path])}", [path], path
        elif self.kind == "json":
            for path in self.paths:
                yield f"SELECT {selected} FROM {cells_of(path, self.names)}", [path], path
        else:
            for text, path, original in zip(self.texts, self.paths, self.originals):
                own = ", ".join(f"c{text.layout.names.index(name)}" for name in names)
                yield f"SELECT {own} FROM {self._text(text, path, lenient)}", [path], original

    def _columns(self) -> str:
        return ", ".join(f"c{place}" for place in range(len(self.names)))

    def _selected(self, names: Sequence[str]) -> str:
        """Numbers of every kind as doubles, if they need not be exact; texts stay what they are."""
        return ", ".join(self._read_as(f"c{self.names.index(name)}", self.types[name]) for name in names)

    def _read_as(self, column: str, held: Any) -> str:
        import pyarrow as pa

        kind = kind_of_type(held)
        if kind == "numeric" and (not self.exact or not self.alike):
            return column if pa.types.is_float64(held) and self.alike else f"{column}::DOUBLE"
        if kind == "missing":
            return "NULL::DOUBLE"
        if kind == "other" and not self.exact:
            return "'other'::BLOB"
        return column if kind != "text" or is_text(held) else f"{column}::VARCHAR"

    def _parquet(self, paths: Sequence[Path], places: bool = False) -> str:
        files = literal([glob.escape(str(path)) for path in paths])
        order = self.names
        if not self.alike:
            schema = _schema(paths[0])
            order, _ = _named(schema.names, schema.types, paths[0])
        columns = ", ".join(f"c{self.names.index(name)}" for name in order)
        more = (", file_row_number = true", ", place") if places else ("", "")
        return f"read_parquet({files}{more[0]}) AS t({columns}{more[1]})"

    def _text(self, text: PlainText, path: Path, lenient: bool) -> str:
        columns = {f"c{j}": "VARCHAR" for j in range(len(text.layout.names))}
        settings = text.options | {"auto_detect": False, "columns": columns, "ignore_errors": lenient}
        settings |= {"nullstr": [""]} if self.exact else {}
        settings |= {"store_rejects": True} if lenient else {}
        options = ", ".join(f"{name} = {literal(value)}" for name, value in settings.items())
        return f"read_csv({literal(glob.escape(str(path)))}, {options})"

    def _refusal(self, reason: str, original: Any) -> DownslopeError:
        """DuckDB's complaint about a row, in our words where it is one of the usual."""
        for text, path in zip(self.texts, self.originals):
            if path == original and "CSV" in reason:
                try:
                    refuse_ragged(text, original)
                except DownslopeError as error:
                    return error
        if self.kind == "query":
            return DownslopeError("data.sql", reason=in_one_line(QueryError(reason)))
        if "Out of Memory" in reason:
            return DownslopeError("data.memory_of_reader", source=original)
        return DownslopeError("data.cannot_read", source=original, reason=in_one_line(QueryError(reason)))


def _rejected(connection: Any) -> int:
    return connection.sql("SELECT count(DISTINCT (file_id, line)) FROM reject_errors").fetchall()[0][0]


# ---- opening ---------------------------------------------------------------------------------------


def files_of(words: str) -> list[Path]:
    """The files that a path or a glob names, in the order of their names."""
    path = Path(words)
    if exists(path) or words == "-" or (CHOSEN in words and exists(Path(words.rpartition(CHOSEN)[0]))):
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


def is_query(words: str) -> bool:
    return bool(QUERY.match(words)) and not exists(Path(words))


def opened_source(words: str, encoding: str | None = None, header: bool | None = None) -> Source:
    """The files or the query that the words name, checked as far as a look at layouts and schemas goes.

    Raises DownslopeError for what is no table, for files whose columns or types differ, by file and column,
    and for a Parquet file that is cut off.
    """
    if is_query(words):
        return _query(words)
    refuse_address(words)
    paths, copies = files_of(words), Copies()
    found = [readable(path, copies.folder) for path in paths]
    kinds = {one.kind for one in found}
    if len(kinds) > 1:
        raise DownslopeError("data.kinds_of_files", pattern=words, kinds=", ".join(sorted(kinds)))
    words, kind = printable(words), kinds.pop()
    try:
        if kind == "text":
            return _texts(words, found, paths, copies, encoding, header)
        read = [one.path for one in found]
        source = _parquet_files(words, read) if kind == "parquet" else _json_files(words, read, copies)
        return replace(source, copies=copies)
    except (QueryError, OSError, EOFError, gzip.BadGzipFile) as error:
        raise DownslopeError("data.cannot_read", source=words, reason=in_one_line(error)) from None


def _query(words: str) -> Source:
    try:
        names, types = schema_of(query_of(words))
    except QueryError as error:
        raise DownslopeError("data.sql", reason=str(error)) from None
    return _checked(Source(words, (), "query", *_named(names, types, words)))


def _schema(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    try:
        with parquet.ParquetFile(path) as file:
            return file.schema_arrow
    except (pa.ArrowException, OSError) as error:
        raise DownslopeError("data.cannot_read", source=path, reason=in_one_line(error)) from None


def _named(found: Sequence[str], types: Sequence[Any], words: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The names of the columns, none of them empty, and their types."""
    names = [name or f"column{place}" for place, name in enumerate(found)]
    repeated_name(names, words)
    return tuple(names), dict(zip(names, types))


def _checked(source: Source) -> Source:
    if not source.names or source.rows == 0:
        raise DownslopeError("data.no_rows", source=source.words)
    return replace(source, index=tuple(name for name in source.names if INDEX.fullmatch(name)))


def _parquet_files(words: str, paths: list[Path]) -> Source:
    import pyarrow.parquet as parquet

    names: tuple[str, ...] = ()
    first: dict[str, Any] = {}
    ends: list[int] = []
    group, alike = 0, True
    for path in paths:
        schema, facts = _schema(path), parquet.read_metadata(path)
        ends.append((ends[-1] if ends else 0) + facts.num_rows)
        sizes = (facts.row_group(i).total_byte_size for i in range(facts.num_row_groups))
        group = max(group, *sizes, 0)
        own, types = _named(schema.names, schema.types, path)
        if not names:
            names, first = own, types
            continue
        refuse_other_columns(path, types, paths[0], first)
        for name, held in types.items():
            if kind_of_type(held) != kind_of_type(first[name]):
                facts_ = {"path": path, "first": paths[0], "column": name}
                raise DownslopeError("data.types_differ", found=held, expected=first[name], **facts_)
        alike = alike and types == first and own == names
    size = sum(path.stat().st_size for path in paths)
    more: dict[str, Any] = {"rows": ends[-1], "bytes": size, "ends": tuple(ends)}
    source = Source(words, tuple(paths), "parquet", names, first, group=group, alike=alike, **more)
    return _checked(source)


def _json_files(words: str, paths: list[Path], copies: Copies) -> Source:
    import pyarrow as pa

    first = paths[0]
    paths = [in_rows(path, copies) for path in paths]
    names: tuple[str, ...] = ()
    for path in paths:
        own = names_in(path)
        if names:
            refuse_other_columns(path, own, first, names)
        names = names or own
    size = sum(path.stat().st_size for path in paths)
    types = {name: pa.string() for name in names}
    return _checked(Source(words, tuple(paths), "json", names, types, bytes=size, copies=copies))


def _texts(
    words: str,
    found: list[Readable],
    paths: list[Path],
    copies: Copies,
    encoding: str | None,
    header: bool | None,
) -> Source:
    import pyarrow as pa

    texts = [
        plain_text(one.path, path, copies.folder, encoding, header).with_notes(one.notes)
        for one, path in zip(found, paths)
    ]
    names = texts[0].layout.names
    for path, text in zip(paths, texts):
        repeated_name(text.layout.names, path)
        refuse_other_columns(path, text.layout.names, paths[0], names)
    read = tuple(text.path for text in texts)
    size = sum(path.stat().st_size for path in read)
    types = {name: pa.string() for name in names}
    more: dict[str, Any] = {"bytes": size, "copies": copies, "texts": tuple(texts), "originals": tuple(paths)}
    source = _checked(Source(words, read, "text", names, types, **more))
    nameless = texts[0].layout.header and names[0] in ("column0", "row_name")
    return replace(source, index=(*source.index, names[0]) if nameless else source.index)


def repeated_name(names: Sequence[str], source: Any) -> None:
    """Refuse columns of which two have one name."""
    if len(set(names)) < len(names):
        again = next(name for name in names if list(names).count(name) > 1)
        raise DownslopeError("data.repeated_name", source=source, column=again)


def refuse_other_columns(path: Path, names: Any, first: Path, expected: Any) -> None:
    odd = sorted(set(names) ^ set(expected))
    if odd:
        raise DownslopeError("data.files_differ", path=path, first=first, column=odd[0])
