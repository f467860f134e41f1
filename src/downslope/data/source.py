"""Rows in files or behind a query, more than can be held: opened, checked, and read in order, some at a time.

What a column holds is decided when the source is opened: by the schema of Parquet files, by the first four
million bytes of texts, by the first 50,000 rows of a query. A text that turns up later in a column of numbers
is a row at fault, told by its number, or skipped and counted.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..errors import DownslopeError
from .database import Limits, QueryError, batches_of, identifier, in_one_line, literal, query_of, rows_of
from .delimited import PlainText, cleaned, is_text, opened, parsed, plain_text
from .layout import Layout, Note
from .meter import Meter
from .reading import QUERY, Table, exists, files_of, kind_of_file, kind_of_type, repeated_name

HEAD = 4_000_000  # bytes of a text by which its columns are told
SAMPLE = 50_000  # rows of a query, for the same
TYPES = {
    "numeric": "DOUBLE",
    "missing": "DOUBLE",
    "boolean": "BOOLEAN",
    "text": "VARCHAR",
    "other": "VARCHAR",
}
TOGETHER = 4  # parts of Parquet files that are read at a time, where several are
ON_BAD_ROW = ("skip", "fail")


@dataclass(frozen=True)
class Source:
    """Files of one kind with the same columns, or a query.

    kinds: column → what it holds, as `Table.kind` tells it.  rows: how many there are, where that is known
    without reading them.  bytes: of the files.
    """

    words: str
    paths: tuple[Path, ...]
    kind: str  # "parquet", "text", "json" or "query"
    kinds: dict[str, str]
    types: dict[str, str]  # column → the type that DuckDB reads it as
    rows: int | None = None
    bytes: int | None = None
    group: int = 0  # bytes of the largest piece that Parquet files unpack at once
    ends: tuple[int, ...] = ()  # of Parquet: rows up to the end of each file
    alike: bool = True  # of Parquet: whether all files have the same types
    copies: Any = field(default=None, repr=False)  # of texts that are not plain: a folder that lives as long
    whole: dict[str, str] = field(default_factory=dict)  # columns of whole numbers only, as far as was seen
    exact: bool = False  # whether numbers keep their types
    texts: tuple[PlainText, ...] = field(default=(), repr=False)  # how each is read
    stamps: tuple = ()  # size and time of change of each file, as it was opened
    meter: Meter = field(default_factory=Meter, repr=False, compare=False)  # of all that is read of it

    def __post_init__(self):
        stamps = ((told.st_size, told.st_mtime_ns) for told in map(Path.stat, self.paths))
        object.__setattr__(self, "stamps", tuple(stamps))
        self.meter.pass_rows, self.meter.pass_bytes = self.rows or self.meter.pass_rows, self.bytes

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.kinds)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What is to be said of how texts are read, each once."""
        return tuple(said for text in self.texts for said in text.notes)

    @property
    def layout(self) -> Layout | None:
        """Of the first text."""
        return next((text.layout for text in self.texts), None)

    @property
    def at_random(self) -> bool:
        """Whether rows in the middle can be read without those before them."""
        return self.kind == "parquet"

    @property
    def numbers(self) -> float:
        """About how many numbers all rows hold, where they are as they lie; infinite where nobody knows."""
        if self.rows is not None:
            return float(self.rows * len(self.names))
        packed = 5 if any(path.suffix.lower() in (".gz", ".zst") for path in self.paths) else 1
        return (self.bytes or 0) * packed / 8 if self.bytes is not None else float("inf")

    def as_it_is(self, texts: Collection[str]) -> Source:
        """The same rows, to be written again: numbers keep their types where those are known, long whole
        numbers their digits. In files without types `texts` are columns of texts, whatever they seem."""
        if self.kind in ("parquet", "query"):
            return replace(self, exact=True)
        whole = {name: held for name, held in self.whole.items() if name not in texts}
        kinds = {name: "text" if name in texts else kind for name, kind in self.kinds.items()}
        types = self.types | whole | {name: "VARCHAR" for name in texts if name in self.types}
        return replace(self, exact=True, kinds=kinds, types=types, whole=whole)

    def scan(
        self,
        names: Sequence[str],
        limits: Limits,
        meter: Meter | None = None,
        skipped: Callable[[int], None] | None = None,
    ) -> Iterator[Any]:
        """Those columns of all rows, in order, as pyarrow RecordBatches: numbers as doubles (unless they are
        to be `exact`), texts trimmed.

        skipped: told how many rows could not be read and were left out; without it, one of them is refused
        by its number, as everything else is that can not be read.
        """
        place = 0
        for query, paths, told in self._queries(names, skipped is not None):
            rejects = (lambda c: skipped(_rejected(c))) if skipped and self.kind == "text" else None
            size = sum(path.stat().st_size for path in paths)
            rows = len(paths) and self.rows and self.rows * size / (self.bytes or 1)
            read = 0
            try:
                for batch in batches_of(query, paths if self.paths else None, limits, rejects):
                    if not batch.num_rows:
                        continue
                    batch, lost = self._settled(batch, names, place, skipped is not None)
                    if lost and skipped:
                        skipped(lost)
                    place += batch.num_rows + lost
                    read += batch.num_rows
                    if meter is not None:
                        meter.add(batch.num_rows, int(size * batch.num_rows / rows) if rows else batch.nbytes)
                    yield batch
            except QueryError as error:
                raise self._refusal(str(error), told) from None

    def between(self, names: Sequence[str], first: int, last: int, limits: Limits) -> Any:
        """Rows first … last − 1 of Parquet files, a pyarrow Table; only the pieces with them are read."""
        import pyarrow as pa

        found: list[Any] = []
        begin = 0
        for path, end in zip(self.paths, self.ends):
            if begin < last and first < end:
                where = f"file_row_number >= {max(first, begin) - begin} AND file_row_number < {last - begin}"
                query = (
                    f"SELECT {self._selected(names)} FROM {self._parquet([path], 'file_row_number = true')}"
                )
                try:
                    found += batches_of(f"{query} WHERE {where}", [path], limits)
                except QueryError as error:
                    raise self._refusal(str(error), path) from None
            begin = end
        return pa.Table.from_batches(found)

    def parts(self, names: Sequence[str], size: int, first: int, last: int, limits: Limits) -> Iterator[Any]:
        """Parts first … last − 1 of Parquet files, of so many rows each: some are read at a time, as to find
        a place takes longer than to read a part."""
        for begin in range(first, last, TOGETHER):
            end = min(begin + TOGETHER, last)
            table = self.between(names, begin * size, end * size, limits)
            yield from (table.slice(part * size, size) for part in range(end - begin))

    # ---- queries ---------------------------------------------------------------------------------

    def _queries(self, names: Sequence[str], lenient: bool) -> Iterator[tuple[str, list[Path], Any]]:
        """What is asked of DuckDB, one after the other: the query, the files, and what to call them."""
        if self.kind == "query":
            yield f"SELECT {self._selected(names)} FROM ({query_of(self.words)})", [], self.words
        elif self.kind == "parquet":
            yield (
                f"SELECT {self._selected(names)} FROM {self._parquet(self.paths)}",
                [*self.paths],
                self.words,
            )
        else:
            for path in self.paths:
                yield f"SELECT {self._selected(names)} FROM {self._text(path, lenient)}", [path], path

    def _selected(self, names: Sequence[str]) -> str:
        """Numbers of every kind as doubles, if they need not be exact; texts stay what they are."""
        numeric = lambda n: not self.exact and self.kinds[n] == "numeric" and self.types[n] != "VARCHAR"
        parts = [
            f"{identifier(n)}::DOUBLE AS {identifier(n)}" if numeric(n) else identifier(n) for n in names
        ]
        return ", ".join(parts)

    def _parquet(self, paths: Sequence[Path], *more: str) -> str:
        import glob

        told = [literal([glob.escape(str(path)) for path in paths]), *more]
        if not self.alike:
            told.append("union_by_name = true")
        return f"read_parquet({', '.join(told)})"

    def _text(self, path: Path, lenient: bool) -> str:
        import glob

        if self.kind == "json":
            return f"read_json({literal(glob.escape(str(path)))}, columns = {literal(self.types)})"
        text = self.texts[self.paths.index(path)]
        told = text.options | {
            "auto_detect": False, "columns": {name: self.types[name] for name in text.layout.names},
            "decimal_separator": text.layout.decimal, "ignore_errors": lenient,
        } | ({"store_rejects": True} if lenient else {})  # fmt: skip
        options = ", ".join(f"{name} = {literal(value)}" for name, value in told.items())
        return f"read_csv({literal(glob.escape(str(path)))}, {options})"

    # ---- what comes back -------------------------------------------------------------------------

    def _settled(self, batch: Any, names: Sequence[str], place: int, lenient: bool) -> tuple[Any, int]:
        """Texts trimmed, words for nothing made null, and texts made numbers where the column holds those;
        and how many rows were left out because that can not be."""
        import pyarrow as pa
        import pyarrow.compute as pc

        lost = None
        for position, name in enumerate(names):
            if self.kind == "parquet" or not is_text(batch.schema.field(position).type):
                continue
            column = cleaned(batch.column(position))
            if self.kinds[name] in ("numeric", "missing"):
                try:
                    column = column.cast(pa.float64())
                except pa.ArrowInvalid:
                    bad = pc.invert(pc.match_substring_regex(pc.fill_null(column, "0"), _ARROW_NUMBER))
                    at = pc.index(bad, True).as_py()
                    if not lenient:
                        facts = {"column": name, "row": place + at + 1, "value": column[at].as_py()}
                        raise DownslopeError("data.text_in_numbers", source=self.words, **facts) from None
                    lost = bad if lost is None else pc.or_(lost, bad)
                    column = pc.if_else(bad, pa.scalar(None, column.type), column).cast(pa.float64())
            batch = batch.set_column(position, name, column)
        if lost is None:
            return batch, 0
        kept = batch.filter(pc.invert(lost))
        return kept, batch.num_rows - kept.num_rows

    def _refusal(self, reason: str, told: Any) -> DownslopeError:
        """DuckDB's complaint about a row, in our words where it is one of the usual."""
        line = re.search(r"CSV Error on Line: (\d+)", reason)
        column = re.search(r'converting column "(.*?)"\. Could not convert string "(.*?)"', reason, re.S)
        cells = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", reason)
        if line and column:
            facts = {"line": int(line[1]), "column": column[1], "value": column[2]}
            return DownslopeError("data.text_in_line", path=told, **facts)
        if line and cells:
            facts = {"line": int(line[1]), "expected": int(cells[1]), "found": int(cells[2])}
            return DownslopeError("data.ragged_far", path=told, **facts)
        if line and "quote" in reason:
            return DownslopeError("data.quotes", path=told, line=int(line[1]))
        if "Out of Memory" in reason:
            return DownslopeError("data.memory_of_reader", source=told)
        return DownslopeError("data.cannot_read", source=told, reason=in_one_line(QueryError(reason)))


_ARROW_NUMBER = r"(?i)^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$|^[+-]?inf(inity)?$|^nan$"


def _rejected(connection: Any) -> int:
    return connection.sql("SELECT count(DISTINCT (file_id, line)) FROM reject_errors").fetchall()[0][0]


# ---- opening ---------------------------------------------------------------------------------------


def opened_source(words: str, encoding: str | None = None, header: bool | None = None) -> Source:
    """The files or the query that the words name, checked as far as a look at heads and schemas goes.

    Raises DownslopeError for what is no table, for files whose columns or types differ, by file and column,
    and for a Parquet file that is cut off.
    """
    if QUERY.match(words) and not exists(Path(words)):
        return _query(words)
    paths = files_of(words)
    kinds = {kind_of_file(path) for path in paths}
    if len(kinds) > 1:
        raise DownslopeError("data.kinds_of_files", pattern=words, kinds=", ".join(sorted(kinds)))
    for path in paths:
        if path.is_dir():
            raise DownslopeError("data.directory", path=path)
        if path.stat().st_size == 0:
            raise DownslopeError("data.empty_file", path=path)
    try:
        kind = kinds.pop()
        if kind == "text":
            return _texts(words, paths, encoding, header)
        return _parquet_files(words, paths) if kind == "parquet" else _json(words, paths)
    except (QueryError, OSError, EOFError, gzip.BadGzipFile) as error:
        raise DownslopeError("data.cannot_read", source=words, reason=in_one_line(error)) from None


def _query(words: str) -> Source:
    query = query_of(words)
    try:
        sample = rows_of(f"SELECT * FROM ({query}) LIMIT {SAMPLE}")
    except QueryError as error:
        raise DownslopeError("data.sql", reason=str(error)) from None
    from .delimited import settled

    kinds = _kinds(Table(settled(sample, decimal_comma=False), words))
    types = {name: "VARCHAR" if is_text(sample.schema.field(name).type) else "" for name in kinds}
    return Source(words, (), "query", kinds, types)


def _parquet_files(words: str, paths: list[Path]) -> Source:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    first: dict[str, Any] = {}
    ends: list[int] = []
    group, alike = 0, True
    for path in paths:
        try:
            file = parquet.ParquetFile(path)
        except (pa.ArrowException, OSError) as error:
            raise DownslopeError("data.cannot_read", source=path, reason=in_one_line(error)) from None
        with file:
            schema, facts = file.schema_arrow, file.metadata
            ends.append((ends[-1] if ends else 0) + facts.num_rows)
            sizes = (facts.row_group(i).total_byte_size for i in range(facts.num_row_groups))
            group = max(group, *sizes, 0)
        repeated_name(schema.names, path)
        types = dict(zip(schema.names, schema.types))
        if not first:
            first = types
            continue
        _refuse_other_columns(path, types, paths[0], first)
        for name, held in types.items():
            if kind_of_type(held) != kind_of_type(first[name]):
                facts_ = {"path": path, "first": paths[0], "column": name}
                raise DownslopeError("data.types_differ", found=held, expected=first[name], **facts_)
        alike = alike and types == first
    if not ends[-1] or not first:
        raise DownslopeError("data.no_rows", source=words)
    size = sum(path.stat().st_size for path in paths)
    kinds = {name: kind_of_type(held) for name, held in first.items()}
    types = {name: "VARCHAR" if is_text(held) else "" for name, held in first.items()}
    return Source(words, tuple(paths), "parquet", kinds, types, ends[-1], size, group, tuple(ends), alike)


def _json(words: str, paths: list[Path]) -> Source:
    kinds: dict[str, str] = {}
    whole: dict[str, str] = {}
    for number, path in enumerate(paths):
        sample = rows_of(f"SELECT * FROM read_json($path, sample_size = -1) LIMIT {SAMPLE}", path=path)
        found = _kinds(Table(sample, str(path)))
        whole = _whole(sample, whole if number else None)
        if kinds:
            _refuse_other_columns(path, found, paths[0], kinds)
        else:
            kinds = found
            types = {n: _duckdb_type(sample.schema.field(n).type, kind) for n, kind in found.items()}
    size = sum(path.stat().st_size for path in paths)
    return Source(words, tuple(paths), "json", kinds, types, bytes=size, whole=whole)


def _texts(words: str, paths: list[Path], encoding: str | None = None, header: bool | None = None) -> Source:
    kinds: dict[str, str] = {}
    types: dict[str, str] = {}
    whole: dict[str, str] = {}
    texts: list[PlainText] = []
    copies = Copies()
    for path in paths:
        text = plain_text(path, path, copies.folder, encoding, header)
        texts.append(text)
        with opened(text.path) as file:
            head = file.read(HEAD)
        with TemporaryDirectory() as folder:
            sample = Path(folder, "head.csv")
            sample.write_bytes(head if len(head) < HEAD else _whole_lines(head))
            table = Table(parsed(replace(text, path=sample), path), str(path))
        found = _kinds(table)
        whole = _whole(table.columns, whole if kinds else None)
        if not kinds:
            kinds = found
            types = {n: _duckdb_type(table.columns.schema.field(n).type, kind) for n, kind in found.items()}
            continue
        _refuse_other_columns(path, found, paths[0], kinds)
        for name, kind in found.items():
            if kinds[name] == "missing" and kind != "missing":
                kinds[name], types[name] = kind, _duckdb_type(table.columns.schema.field(name).type, kind)
            elif kind not in (kinds[name], "missing"):
                words_ = {"found": kind, "expected": kinds[name]}
                raise DownslopeError("data.types_differ", path=path, first=paths[0], column=name, **words_)
    read = tuple(text.path for text in texts)
    size = sum(path.stat().st_size for path in read)
    facts_: dict[str, Any] = {"bytes": size, "copies": copies, "whole": whole, "texts": tuple(texts)}
    return Source(words, read, "text", kinds, types, **facts_)


class Copies:
    """A folder for copies, made once there is one, that goes when nobody needs them any more."""

    def __init__(self):
        self._held: TemporaryDirectory | None = None

    def folder(self) -> Path:
        self._held = self._held or TemporaryDirectory(prefix="downslope-")
        return Path(self._held.name)


def _whole_lines(head: bytes) -> bytes:
    """The head of a text up to its last line end that stands outside quotes."""
    end = head.rfind(b"\n")
    while end > 0 and head.count(b'"', 0, end) % 2:
        end = head.rfind(b"\n", 0, end)
    return head[: end + 1] if end > 0 else head


def _refuse_other_columns(path: Path, names: Any, first: Path, expected: Any) -> None:
    odd = sorted(set(names) ^ set(expected))
    if odd:
        raise DownslopeError("data.files_differ", path=path, first=first, column=odd[0])


def _kinds(table: Table) -> dict[str, str]:
    return {name: table.kind(name) for name in table.names}


def _whole(table: Any, before: dict[str, str] | None) -> dict[str, str]:
    """Columns of whole numbers only, in the files `before` too, with the type that holds all their digits. A
    fraction may turn up later among short ones; long ones are numbers that name something."""
    import pyarrow.compute as pc
    import pyarrow.types as types

    found = {}
    for name, column in zip(table.column_names, table.columns):
        if types.is_integer(column.type) and (before is None or name in before):
            low, high = pc.min_max(column).as_py().values()
            long = low is not None and max(-low, high) > 2**53
            found[name] = "BIGINT" if long or (before or {}).get(name) == "BIGINT" else "DOUBLE"
    return found


def _duckdb_type(held: Any, kind: str) -> str:
    import pyarrow.types as types

    if kind == "date":
        return "DATE" if types.is_date(held) else "TIMESTAMP"
    return TYPES.get(kind, "VARCHAR")
