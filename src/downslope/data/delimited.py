"""Text whose lines are rows (CSV, TSV and their kin): delimiter, encoding, missing values, types."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..errors import DownslopeError
from .database import QueryError, in_one_line, rows_of

MISSING_WORDS = ("", "?", "NA", "na", "N/A", "n/a", "NaN", "nan", "NAN", "NULL", "Null", "null")
DELIMITERS = (",", ";", "\t", "|")
# A leading zero marks a code (a postcode, a student number), not a number.
NUMBER = r"(?i)^[+-]?(((0|[1-9]\d*)(\.\d*)?|\.\d+)(e[+-]?\d+)?|inf(inity)?)$"
DECIMAL_COMMA = r"(?i)^[+-]?(0|[1-9]\d*)(,\d+)?(e[+-]?\d+)?$"
UTF16 = (b"\xff\xfe", b"\xfe\xff")


def opened(path: Path) -> Any:
    """The file's bytes, unpacked if it is packed."""
    if path.suffix.lower() == ".zst":
        import pyarrow as pa

        return pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")


def refuse_cut(path: Path) -> None:
    """Refuse a .zst file that is cut off: DuckDB takes it to end there."""
    if path.suffix.lower() == ".zst":
        try:
            with opened(path) as file:
                while file.read(1 << 20):
                    pass
        except OSError as error:
            raise DownslopeError("data.cannot_read", source=path, reason=in_one_line(error)) from None


@dataclass(frozen=True)
class Layout:
    """How the lines of a text are cut into cells."""

    blank_lines: int  # before the first that is none
    names: tuple[str, ...]  # the cells of that line; of a header the names of the columns
    delimiter: str

    @property
    def is_header(self) -> bool:
        return not all(re.match(NUMBER, name) for name in self.names)

    @property
    def decimal_comma(self) -> bool:
        """Whether numbers may have one."""
        return self.delimiter != ","

    @property
    def columns(self) -> list[str]:
        """The names that the columns go by."""
        if not self.is_header:
            return [f"column{j:0{len(str(len(self.names) - 1))}d}" for j in range(len(self.names))]
        return [name or f"column{j}" for j, name in enumerate(self.names)]


def from_delimited(path: Path, told: Path) -> Any:
    """The file as it lies; if it is not clean UTF-8, a clean copy of it."""
    try:
        return _parsed(path, told)
    except (QueryError, UnicodeDecodeError):
        with TemporaryDirectory() as folder:
            copy = Path(folder, "copy.csv")
            copy.write_text(_decoded(path), encoding="utf-8", newline="")
            try:
                return _parsed(copy, told)
            except QueryError as error:
                _refuse_ragged(copy, told)
                raise QueryError(str(error).replace(str(copy), str(told))) from None


def _decoded(path: Path) -> str:
    """The file's text with line ends as \\n."""
    with opened(path) as file:
        raw = file.read()
    text = raw.decode(encoding_of(raw), errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def encoding_of(raw: bytes) -> str:
    """What a text, or its first part, is written in: UTF-8, else UTF-16 by its mark, else GB18030, else
    Latin-1.

    >>> encoding_of("价格,面积".encode("gb18030"))
    'gb18030'
    """
    if raw.startswith(UTF16):
        return "utf-16"
    runs = re.findall(rb"[\x80-\xff]+", raw)
    text = raw.decode("utf-8-sig", errors="replace")
    if 10 * text.count("\ufffd") <= len(runs):  # UTF-8, but for a few damaged letters at most
        return "utf-8-sig"
    # Chinese characters are pairs of high bytes; an accented Latin letter is a single one between ASCII.
    if 2 * sum(len(run) % 2 for run in runs) <= len(runs):
        try:
            raw[: len(raw) - 4].decode("gb18030")
            return "gb18030"
        except UnicodeDecodeError as error:
            if error.end >= len(raw) - 8:  # a head may end within a letter
                return "gb18030"
    return "cp1252"


def _parsed(path: Path, told: Path) -> Any:
    layout = layout_of(path)
    names = layout.names
    repeated = [name for name in names if name and names.count(name) > 1]
    if layout.is_header and repeated:
        raise DownslopeError("data.repeated_name", source=told, column=repeated[0])
    table = rows_of(
        """SELECT * FROM read_csv($path, delim = $delimiter, header = $header, skip = $skip,
           nullstr = $missing, quote = '"', escape = '"', comment = '', sample_size = -1)""",
        path=path,
        delimiter=layout.delimiter,
        header=layout.is_header,
        skip=layout.blank_lines,
        missing=list(MISSING_WORDS),
    )
    if layout.is_header:
        # DuckDB renames columns that differ in case only, and keeps the blanks around a name
        table = table.rename_columns([name or given for name, given in zip(names, table.column_names)])
    return settled(table, decimal_comma=layout.decimal_comma)


def layout_of(path: Path) -> Layout:
    """By its first line that is not blank."""
    with io.TextIOWrapper(opened(path), encoding="utf-8-sig", newline="") as file:
        blank_lines, first = next((at, line) for at, line in enumerate(file) if line.strip())
        bare = re.sub(r'"[^"]*"', "", first)
        delimiter = max(DELIMITERS, key=bare.count)
        names = next(csv.reader(itertools.chain([first], file), delimiter=delimiter))
    return Layout(blank_lines, tuple(name.strip() for name in names), delimiter)


def cleaned(column: Any) -> Any:
    """A column of text, trimmed, with null for every word that stands for nothing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.is_in(column, pa.array(MISSING_WORDS)), pa.scalar(None, column.type), column)


def settled(table: Any, decimal_comma: bool) -> Any:
    """Text columns trimmed; one that holds numbers only becomes numeric, one that holds nothing, null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for position, field in enumerate(table.schema):
        if not is_text(field.type):
            continue
        column = cleaned(table.column(position))
        if column.null_count == len(column):
            column = pa.chunked_array([pa.nulls(len(column))])
        elif pc.all(pc.match_substring_regex(column, NUMBER)).as_py():
            column = column.cast(pa.float64())
        elif decimal_comma and pc.all(pc.match_substring_regex(column, DECIMAL_COMMA)).as_py():
            column = pc.replace_substring(column, ",", ".").cast(pa.float64())
        table = table.set_column(position, field.name, column)
    return table


def _refuse_ragged(path: Path, told: Path) -> None:
    """Names the first row with another number of cells than the first line, or with open quotes."""
    layout = layout_of(path)
    names, delimiter = layout.names, layout.delimiter
    line = 1
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        try:
            for row in reader:
                if row and len(row) != len(names):
                    facts = {"found": len(row), "expected": len(names)}
                    raise DownslopeError("data.ragged", path=told, line=reader.line_num, **facts)
                line = reader.line_num + 1
        except csv.Error:
            raise DownslopeError("data.quotes", path=told, line=line) from None


def is_text(held: Any) -> bool:
    import pyarrow.types as types

    return types.is_string(held) or types.is_large_string(held) or types.is_string_view(held)
