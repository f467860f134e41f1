"""Where predictions go: one file, or a file in a folder for each file that is read; as Parquet or CSV."""

from __future__ import annotations

import codecs
import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from ..data.kinds import kind_of_file
from ..data.source import exists, files_of, is_query
from ..errors import DownslopeError
from ..inference.predicting import Predictions
from . import files

ENDINGS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".pq")  # of tables that are read


@dataclass(frozen=True)
class OutputPlan:
    """words: all that is read.  jobs: each part of it, and the file to write; None is stdout.
    folder: of the files, if there is one.  before: how many files are in it already, and stay."""

    words: str
    jobs: tuple[tuple[str, Path | None], ...]
    folder: Path | None = None
    before: int = 0


def planned(data: str, out: str | None, force: bool, resume: bool) -> OutputPlan:
    """What is to be written, refused where it could not be, before anything is read."""
    query = is_query(data)
    paths = [] if query or out is None else files_of(data)
    if out is None or not _is_folder(out, several=len(paths) > 1 or not (query or exists(Path(data)))):
        if resume:
            raise DownslopeError("cli.resume_one")
        files.check_file(out, files.TABLES, force)
        return OutputPlan(data, ((data, None if out is None else Path(out)),))
    folder = Path(out)
    if query:
        raise DownslopeError("cli.query_into_folder", path=out, example=folder / "rows.parquet")
    targets = _targets(paths, folder)
    there = [target for target in targets if target.exists()]
    if there and not (force or resume):
        facts = {"count": len(there), "all": len(targets), "path": there[0]}
        raise DownslopeError("cli.files_there", **facts)
    jobs = [(str(path), to) for path, to in zip(paths, targets) if not (resume and to in there)]
    return OutputPlan(data, tuple(jobs), folder, len(targets) - len(jobs))


def _is_folder(out: str, several: bool) -> bool:
    path = Path(out)
    return out.endswith(("/", os.sep)) or path.is_dir() or (several and not path.suffix)


def _targets(paths: Sequence[Path], folder: Path) -> list[Path]:
    """The file to write for each that is read: of the same name, as Parquet or as CSV."""
    found: dict[Path, Path] = {}
    read = {path.resolve() for path in paths}
    for path in paths:
        bare = path.with_suffix("") if path.suffix.lower() in (".gz", ".zst") else path
        stem = bare.stem if bare.suffix.lower() in ENDINGS else bare.name
        target = folder / (stem + (".parquet" if kind_of_file(path) == "parquet" else ".csv"))
        if target in found:
            raise DownslopeError("cli.same_name", first=found[target], second=path, path=target)
        if target.resolve() in read:
            raise DownslopeError("cli.onto_rows", path=target)
        if target.is_dir():
            raise DownslopeError("cli.is_a_folder", path=target)
        found[target] = path
    return [*found]


def make(folder: Path) -> None:
    """The folder, if it is not there; refused where nothing can be written in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DownslopeError("cli.not_written", path=folder, reason=error.strerror or error) from None
    files.check_folder(folder / "any")


def write(predictions: Predictions, path: Path, charset: str | None = None) -> str:
    """All rows to a file that is there when it is whole, and not before. charset: the encoding of CSV, by
    default that of the rows; it is returned."""
    charset = charset or predictions.charset
    with files.taking_the_place_of(path) as part, closing(iter(predictions)) as tables:
        if path.suffix.lower() == ".parquet":
            _write_parquet(tables, part)
        else:
            with part.open("wb") as file:
                pieces = as_csv(tables)
                file.writelines(pieces if charset == "utf-8" else _recoded(pieces, charset))
    return charset


def _recoded(pieces: Iterable[bytes], charset: str) -> Iterator[bytes]:
    encoder = codecs.getincrementalencoder(charset)(errors="replace")
    for piece in pieces:
        yield encoder.encode(piece.decode())
    yield encoder.encode("", True)


def _write_parquet(tables: Iterable[Any], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    tables = iter(tables)
    first = next(tables)
    # a dictionary of doubles that are all different gains nothing and takes twice the time
    named = [field.name for field in first.schema if not pa.types.is_floating(field.type)]
    with parquet.ParquetWriter(path, first.schema, use_dictionary=named) as writer:
        for table in chain([first], tables):
            writer.write_table(table)


def as_csv(tables: Iterable[Any]) -> Iterator[bytes]:
    """CSV in UTF-8, some rows at a time; quotes only where they are needed."""
    import pyarrow as pa
    import pyarrow.compute as pc

    headed = False
    for table in tables:
        if not headed:
            head = io.StringIO()
            csv.writer(head, lineterminator="\n").writerow(table.column_names)
            yield head.getvalue().encode()
            headed = True
        try:
            cells = [_quoted(column.combine_chunks()) for column in table.columns]
        except pa.ArrowException as error:  # a list, say, has no place in a cell
            raise DownslopeError("cli.not_csv", reason=" ".join(str(error).split())) from None
        comma, end, none = (pa.scalar(mark, pa.large_string()) for mark in (",", "\n", ""))
        lines = pc.binary_join_element_wise(pc.binary_join_element_wise(*cells, comma), none, end)
        yield lines.buffers()[2].to_pybytes() if len(lines) else b""  # one behind the other


def _quoted(column: Any) -> Any:
    """Cells as texts; in quotes, those that hold a comma, a quote or a line end."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    cells = pc.fill_null(column.cast(pa.large_string()), "")
    if not text:
        return cells
    odd = pc.match_substring_regex(cells, '[,"\r\n]')
    if not pc.any(odd).as_py():
        return cells
    inner = pc.replace_substring(cells, '"', '""')
    quote, none = pa.scalar('"', cells.type), pa.scalar("", cells.type)
    return pc.if_else(odd, pc.binary_join_element_wise(quote, inner, quote, none), cells)
