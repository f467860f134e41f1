"""Kinds of files that contain tables: recognised by their first bytes, and turned into text, JSON or Parquet.

What is packed is unpacked, a workbook's sheet and a table of SQLite become a CSV copy, tables of Arrow, Stata
and DuckDB a Parquet copy, and a pipe is read to its end. For all else the refusal says what would work.
"""

from __future__ import annotations

import bz2
import csv
import glob
import gzip
import json
import lzma
import os
import re
import shutil
import sqlite3
import stat
import warnings
import zipfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DownslopeError, nearest
from .database import QueryError, copy_table, in_one_line, literal, rows_of, tables_in
from .delimited import opened
from .layout import Note
from .memory import Copies, is_pipe, is_spooled, spooled

Folder = Callable[[], Path]  # where copies are put
CHOSEN = "::"  # between a file and the table in it that is asked for
HEAD = 1 << 12
PACKED: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
TABLES = (".csv", ".tsv", ".txt", ".data", ".json", ".jsonl", ".ndjson", ".parquet", ".pq")
# kinds that nothing here reads, by their first bytes, and what would work
REFUSED = {
    b"\xd0\xcf\x11\xe0": ("old Excel (.xls)", "data.kind_save_as"),
    b"\x89HDF": ("HDF5", "data.kind_read_hdf"),
    b"\x93NUMPY": ("NumPy", "data.kind_arrays"),
    b"$FL2": ("SPSS (.sav)", "data.kind_read_spss"),
    b"\x80\x02": ("pickle", "data.kind_pickle"),
    b"\x80\x03": ("pickle", "data.kind_pickle"),
    b"\x80\x04": ("pickle", "data.kind_pickle"),
    b"\x80\x05": ("pickle", "data.kind_pickle"),
    b"%PDF": ("PDF", "data.kind_save_as"),
    b"\x89PNG": ("PNG", "data.kind_picture"),
    b"\xff\xd8\xff": ("JPEG", "data.kind_picture"),
    b"GIF8": ("GIF", "data.kind_picture"),
    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xc2\xea\x81\x60": ("SAS", "data.kind_read_sas"),
}


@dataclass(frozen=True)
class Readable:
    """A file that can be read as it is: the one that was given, or a copy of what is in it.

    kind: "parquet", "json" or "text".  notes: what is to be said of it.
    """

    path: Path
    kind: str
    notes: tuple[Note, ...] = ()


def readable(path: Path, folder: Folder) -> Readable:
    """What is to be read of a file, or of `file::table`. Raises DownslopeError for what is no table."""
    path, table = _chosen(path)
    if is_pipe(path):
        path = spooled(str(path))
    elif path.is_dir():
        raise DownslopeError("data.directory", path=path)
    elif not stat.S_ISREG(path.stat().st_mode):
        raise DownslopeError("data.no_file", path=path)
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head.strip():
        raise DownslopeError("data.empty_file", path=path)
    try:
        found = _by_content(path, head, table, folder)
    except (zipfile.BadZipFile, EOFError, lzma.LZMAError, gzip.BadGzipFile, QueryError) as error:
        raise DownslopeError("data.cannot_read", source=path, reason=in_one_line(error)) from None
    if table is not None and found.path == path:
        raise DownslopeError("data.no_tables", path=path, table=table)
    return found


def kind_of_file(path: Path) -> str:
    """By the ending of its name: "parquet", "json", or "text" for all others."""
    bare = path.with_suffix("") if path.suffix.lower() in (*PACKED, ".zst", ".zip") else path
    ending = bare.suffix.lower()
    if ending in (".parquet", ".pq"):
        return "parquet"
    return "json" if ending in (".json", ".jsonl", ".ndjson") else "text"


def refuse_address(words: str) -> None:
    """Refuse an address on a network, and say what to do."""
    scheme = words.partition("://")[0].lower()
    query = words.lstrip().lower().startswith(("select", "with", "from"))
    if "://" in words and scheme.isalnum() and not query:
        raise DownslopeError("data.address", address=words)


def printable(path: Path | str) -> str:
    """A name as it can be written anywhere: bytes that are no UTF-8 stand as \\ufffd."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


# ---- recognised by the first bytes -------------------------------------------------------------------------


def _by_content(path: Path, head: bytes, table: str | None, folder: Folder) -> Readable:
    if head.startswith(b"PAR1"):
        return Readable(_plainly_named(path, folder), "parquet")
    if head.startswith(b"PK\x03\x04"):
        return _zipped(path, table, folder)
    if head.startswith(b"SQLite format 3\x00"):
        return _from_sqlite(path, table, folder)
    if head[8:12] == b"DUCK":
        return _from_duckdb(path, table, folder)
    if head.startswith((b"ARROW1", b"FEA1")) or path.suffix.lower() in (".arrows",):
        return _from_arrow(path, folder)
    if path.suffix.lower() == ".dta":
        return _from_stata(path, folder)
    packing = _packing(head)
    if packing is not None:
        return _unpacked(path, packing, folder)
    for magic, (kind, key) in REFUSED.items():
        if head.startswith(magic):
            raise DownslopeError(key, path=path, kind=kind)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise DownslopeError("data.kind_page", path=path)
    if path.suffix.lower() in (".parquet", ".pq"):
        return Readable(_plainly_named(path, folder), "parquet")  # its reader says what is wrong
    piped = is_spooled(path)
    kind = "json" if piped and start[:1] in (b"{", b"[") else kind_of_file(path)
    return Readable(path if kind == "text" else _plainly_named(path, folder), kind)


def _packing(head: bytes) -> str | None:
    magics = {b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\xfd7zXZ\x00": ".xz", b"\x28\xb5\x2f\xfd": ".zst"}
    return next((ending for magic, ending in magics.items() if head.startswith(magic)), None)


def _unpacked(path: Path, packing: str, folder: Folder) -> Readable:
    """DuckDB unpacks gzip and Zstandard texts by itself, where their names say so; all else is copied."""
    if packing in (".gz", ".zst") and path.suffix.lower() == packing and kind_of_file(path) != "parquet":
        return Readable(
            path if kind_of_file(path) == "text" else _plainly_named(path, folder), kind_of_file(path)
        )
    bare = path.stem if path.suffix.lower() == packing else path.name
    copy = _place(folder, bare)
    with _opened(path, packing) as source, copy.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    with copy.open("rb") as file:
        head = file.read(HEAD)
    if not head.strip():
        raise DownslopeError("data.empty_file", path=path)
    if head[257:262] == b"ustar":
        raise DownslopeError("data.archive", path=path, names="tar")
    if head.startswith((b"RDX", b"RDA")):
        raise DownslopeError("data.kind_save_as", path=path, kind="R (.rda, .rds)")
    return _by_content(copy, head, None, folder)


def _opened(path: Path, packing: str) -> Any:
    if packing == ".zst":
        import pyarrow as pa

        return pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")
    return PACKED[packing](path, "rb")


def _zipped(path: Path, table: str | None, folder: Folder) -> Readable:
    """The table in an archive, or the sheet of a workbook."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if "xl/workbook.xml" in names:
            return _from_excel(path, table, folder)
        if "xl/workbook.bin" in names or "content.xml" in names:
            raise DownslopeError("data.kind_save_as", path=path, kind="xlsb, ods")
        if any(name.endswith(".npy") for name in names):
            raise DownslopeError("data.kind_arrays", path=path, kind="NumPy (.npz)")
        files = [n for n in names if not n.endswith("/") and not n.startswith(("__MACOSX/", "."))]
        tables = [n for n in files if kind_of_file(Path(n)) != "text" or Path(n).suffix.lower() in TABLES]
        name = _one_of(path, tables or files, table)
        copy = _place(folder, Path(name).name)
        try:
            with archive.open(name) as source, copy.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
        except (RuntimeError, NotImplementedError) as error:  # a password, an unknown way of packing
            raise DownslopeError("data.cannot_read", source=path, reason=in_one_line(error)) from None
    return readable(copy, folder)


def _one_of(path: Path, names: Sequence[str], asked: str | None) -> str:
    """The table that is asked for, or the only one."""
    if asked is not None:
        if asked not in names:
            raise DownslopeError("data.no_such_table", path=path, table=asked, names=nearest(asked, names))
        return asked
    if len(names) != 1:
        listed = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
        key = "data.several_tables" if names else "data.without_tables"
        raise DownslopeError(
            key, path=path, names=listed, example=f"{path.name}{CHOSEN}{(*names, 'table')[0]}"
        )
    return names[0]


# ---- tables in other files ------------------------------------------------------------------------------


def _from_excel(path: Path, table: str | None, folder: Folder) -> Readable:
    """A sheet as CSV: numbers with all their digits, dates as 2024-05-01."""
    try:
        import openpyxl
    except ImportError:
        raise DownslopeError("data.excel", path=path) from None
    copy = _place(folder, f"{path.stem}.csv")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        except Exception as error:  # whatever a damaged workbook makes openpyxl raise
            raise DownslopeError("data.cannot_read", source=path, reason=in_one_line(error)) from None
        with closing(book):
            names = [sheet.title for sheet in book.worksheets]
            if table is not None:
                _one_of(path, names, table)
            shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets
            sheet = book[table] if table is not None else shown[0]
            sheet.reset_dimensions()
            _write(copy, (map(_cell, row) for row in sheet.iter_rows(values_only=True)))
    if not copy.stat().st_size:
        raise DownslopeError("data.empty_file", path=path)
    if table is not None or len(names) == 1:
        return Readable(copy, "text")
    facts = {"path": path, "sheet": sheet.title, "names": ", ".join(names), "name": path.name}
    return Readable(copy, "text", (("data.note_sheet", facts),))


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, str) and re.fullmatch(r"(?s)#.*(!|\?|/A)", value)):
        return ""  # nothing, or an error such as #DIV/0!
    if isinstance(value, bool):
        return str(value).lower()
    if hasattr(value, "isoformat"):
        moment = hasattr(value, "hour") and hasattr(value, "year")
        return value.isoformat(" ").removesuffix(" 00:00:00") if moment else value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)


def _write(copy: Path, rows: Iterable[Iterable[str]]) -> None:
    """CSV of rows, those without a cell as blank lines; all as wide as the widest."""
    kept = [list(row) for row in rows]
    filled = [[place for place, cell in enumerate(row) if cell] for row in kept]
    width = max((places[-1] + 1 for places in filled if places), default=0)
    first = min((places[0] for places in filled if places), default=0)
    with copy.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for row, places in zip(kept, filled):
            cells = (row + [""] * width)[first:width]
            writer.writerow(cells) if places else file.write("\n" if width else "")


def _from_sqlite(path: Path, table: str | None, folder: Folder) -> Readable:
    """A table as CSV, as SQLite's columns hold values of any type."""
    address = f"file:{_quoted(path.resolve())}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            found = connection.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
            )
            name = _one_of(path, [row[0] for row in found.fetchall()], table)
            rows = connection.execute('SELECT * FROM "' + name.replace('"', '""') + '"')
            copy = _place(folder, f"{path.stem}.csv")
            with copy.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow([column[0] for column in rows.description])
                writer.writerows([_cell(value) for value in row] for row in rows)
    except sqlite3.Error as error:
        raise DownslopeError("data.cannot_read", source=path, reason=in_one_line(error)) from None
    return Readable(copy, "text")


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(os.fsencode(path))


def _from_duckdb(path: Path, table: str | None, folder: Folder) -> Readable:
    plain = _plainly_named(path, folder)
    name = _one_of(path, tables_in(plain), table)
    copy = _place(folder, f"{path.stem}.parquet")
    copy_table(plain, name, copy)
    return Readable(copy, "parquet")


def _from_arrow(path: Path, folder: Folder) -> Readable:
    """Arrow IPC files and streams, and Feather, some rows at a time."""
    import pyarrow as pa
    import pyarrow.feather as feather
    import pyarrow.parquet as parquet

    copy = _place(folder, f"{path.stem}.parquet")
    try:
        with path.open("rb") as file:
            if file.read(4) == b"FEA1":
                parquet.write_table(feather.read_table(path), copy)
                return Readable(copy, "parquet")
            file.seek(0)
            if file.read(6) == b"ARROW1":
                source = pa.ipc.open_file(path)
                batches = (source.get_batch(number) for number in range(source.num_record_batches))
            else:
                file.seek(0)
                source = pa.ipc.open_stream(file)
                batches = iter(source)
            with parquet.ParquetWriter(copy, source.schema) as writer:
                for batch in batches:
                    writer.write_batch(batch)
    except (pa.ArrowException, OSError) as error:
        raise DownslopeError("data.cannot_read", source=path, reason=in_one_line(error)) from None
    return Readable(copy, "parquet")


def _from_stata(path: Path, folder: Folder) -> Readable:
    import pandas as pd

    copy = _place(folder, f"{path.stem}.parquet")
    try:
        pd.read_stata(path).to_parquet(copy, index=False)
    except Exception as error:  # whatever pandas makes of a damaged file
        raise DownslopeError("data.cannot_read", source=path, reason=in_one_line(error)) from None
    return Readable(copy, "parquet")


# ---- names and pipes --------------------------------------------------------------------------------


def _chosen(path: Path) -> tuple[Path, str | None]:
    """The file, and the table in it that is asked for."""
    if CHOSEN not in str(path) or os.path.lexists(path):
        return path, None
    file, _, table = str(path).rpartition(CHOSEN)
    return Path(file), table


def _place(folder: Folder, name: str) -> Path:
    """A place for a copy that has this name, printable."""
    inside = folder() / str(len(os.listdir(folder())))
    inside.mkdir()
    return inside / (printable(name).replace("\ufffd", "_").lstrip("~") or "copy")


def _plainly_named(path: Path, folder: Folder) -> Path:
    """The file under a name that DuckDB accepts: in UTF-8, and without ~ for the home folder."""
    if str(path).startswith("~"):
        path = Path.cwd() / path
    try:
        str(path).encode()
    except UnicodeEncodeError:
        link = _place(folder, path.name)
        try:
            link.symlink_to(path.resolve())
        except OSError:
            shutil.copyfile(path, link)
        return link
    return path


# ---- JSON: the keys of all rows, and the cells under them ----------------------------------------------


def names_in(path: Path) -> tuple[str, ...]:
    """The keys of all rows, in the order in which they appear."""
    keys = "SELECT json_keys(json) AS keys, row_number() OVER () AS row FROM read_json_objects($path)"
    places = f"SELECT unnest(keys) AS key, unnest(range(len(keys))) AS place, row FROM ({keys})"
    found = rows_of(f"SELECT key FROM ({places}) GROUP BY key ORDER BY min((row, place))", path=path)
    return tuple(found.column("key").to_pylist())


def cells_of(path: Path, names: Sequence[str]) -> str:
    """A table of the values under each key, as texts: c0, c1, …"""
    escaped = (name.replace("~", "~0").replace("/", "~1") for name in names)
    keys = literal([f"/{name}" for name in escaped])
    cells = f"json_extract_string(json, {keys}) AS cells"
    columns = ", ".join(f"cells[{place + 1}] AS c{place}" for place in range(len(names)))
    objects = f"read_json_objects({literal(glob.escape(str(path)))})"
    return f"(SELECT {columns} FROM (SELECT {cells} FROM {objects}))"


def in_rows(path: Path, copies: Copies) -> Path:
    """The file; a copy with a line for each row, where it is one object of columns."""
    columns = _columns(path)
    if columns is None:
        return path
    copy = copies.folder() / f"{path.stem}.jsonl"
    rows = (dict(zip(columns, values)) for values in zip(*columns.values()))
    copy.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return copy


def _columns(path: Path) -> dict[str, list[Any]] | None:
    """Of a file that is one object of lists of one length, or of objects with the same keys (as pandas writes
    it); None of any other."""
    with opened(path) as file:
        if not re.match(rb"\s*\{\s*\"[^\"]*\"\s*:\s*[\[{]", file.read(1 << 16)):
            return None
    try:
        with opened(path) as file:
            found = json.loads(file.read())
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    values = list(found.values())
    if all(isinstance(value, dict) and value.keys() == values[0].keys() for value in values):
        return {name: list(value.values()) for name, value in found.items()}
    if all(isinstance(value, list) and len(value) == len(values[0]) for value in values):
        return found
    return None
