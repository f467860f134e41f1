"""Text whose lines are rows (CSV, TSV and their kin), made plain for a parser."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DownslopeError
from .charset import ENOUGH, Charset, charset_of
from .database import in_one_line
from .layout import BLANK, LINE, MISSING, Layout, Note, layout_of

MISSING_WORDS = MISSING
# A leading zero marks a code (a postcode, a student number), not a number.
NUMBER = r"(?i)^[+-]?(((0|[1-9]\d*)(\.\d*)?|\.\d+)(e[+-]?\d+)?|inf(inity)?)$"
PIECE = 1 << 20
HEAD = 1 << 18  # bytes from which the layout of a text is inferred
TAIL = 1 << 14
CONTROLS = bytes([*range(9), 11, 12, *range(14, 32), 127])
FEW = 3  # stray control characters that a text may have, however short it is
BINARY_SHARE = 0.01


def opened(path: Path) -> Any:
    """The file's bytes, unpacked if it is packed."""
    ending = path.suffix.lower()
    if ending == ".zst":
        import pyarrow as pa

        return pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")
    unpacking: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
    return unpacking[ending](path, "rb") if ending in unpacking else path.open("rb")


def refuse_cut(path: Path) -> None:
    """Refuse a .zst file that is cut off: DuckDB takes it to end there."""
    if path.suffix.lower() == ".zst":
        try:
            with opened(path) as file:
                while file.read(1 << 20):
                    pass
        except OSError as error:
            raise DownslopeError("data.cannot_read", source=path, reason=in_one_line(error)) from None


# ---- a text as it can be parsed ----------------------------------------------------------------------


@dataclass(frozen=True)
class PlainText:
    """A text in UTF-8 with one kind of line end, no control characters, no blanks around quotes and nothing
    behind its rows: the file as it lies, or a copy of it.

    layout: of the file as it lies.  notes: what is to be said of it.
    """

    path: Path
    layout: Layout
    notes: tuple[Note, ...] = ()

    def with_notes(self, notes: tuple[Note, ...]) -> PlainText:
        """The same text, with more to be said of it."""
        return replace(self, notes=(*notes, *self.notes)) if notes else self

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of DuckDB's read_csv, but for what the columns are."""
        return {
            "delim": "," if self.layout.delimiter == BLANK else self.layout.delimiter, "header": False,
            "skip": self.layout.skip, "nullstr": list(MISSING_WORDS), "quote": '"', "escape": '"',
            "comment": "",
        }  # fmt: skip


@dataclass
class _Scan:
    """What a pass over all bytes of a text finds."""

    head: bytes = b""
    tail: bytes = b""
    telling: bytes = b""  # pieces behind the head with letters beyond ASCII
    size: int = 0
    utf8: bool = True
    controls: int = 0
    ends: frozenset[bytes] = frozenset()
    blanks: bool = False  # stand before a quote somewhere

    @property
    def whole(self) -> bool:
        return self.size == len(self.head)


def plain_text(
    path: Path,
    shown: Path,
    folder: Callable[[], Path],
    encoding: str | None = None,
    header: bool | None = None,
) -> PlainText:
    """The text of a file, copied into a `folder` where it is not plain.

    shown: the name of the file in messages.  encoding, header: given by the user instead of inferred.
    Raises DownslopeError for an empty file and for one that is no text.
    """
    scan = _scanned(path)
    if not scan.head.strip():
        raise DownslopeError("data.empty_file", path=shown)
    charset = _charset(scan, encoding)
    wide = charset.name.startswith(("utf-16", "utf-32"))
    if not wide and scan.controls > max(FEW, BINARY_SHARE * scan.size):
        raise DownslopeError("data.binary_file", path=shown)
    try:
        layout = _laid_out(scan, charset.name, header)
    except ValueError:
        raise DownslopeError("data.empty_file", path=shown) from None
    layout = replace(layout, encoding=charset.name)
    notes = [*_notes(charset, shown, asked=encoding is not None), *layout.notes]
    as_it_lies = (
        charset.is_utf8 and scan.utf8 and not scan.controls and len(scan.ends) < 2 and not layout.footer
        and not (layout.blanks or scan.blanks) and layout.delimiter != BLANK
        and path.suffix.lower() not in (".bz2", ".xz") and _has_plain_name(path)
    )  # fmt: skip
    if as_it_lies:
        return PlainText(path, layout, tuple(notes))
    copy = folder() / f"{len(os.listdir(folder()))}.csv"
    damaged = _copy(path, copy, layout, layout.blanks or scan.blanks)
    if damaged:
        facts = {"path": str(shown), "count": damaged, "encoding": charset.name}
        notes.insert(0, ("data.note_damaged", facts))
    return PlainText(copy, layout, tuple(notes))


def _scanned(path: Path) -> _Scan:
    import codecs

    found = _Scan()
    kinds: set[bytes] = set()
    telling: list[bytes] = []
    decoder, before = codecs.getincrementaldecoder("utf-8")(), b""
    with opened(path) as file:
        while piece := file.read(PIECE):
            if not found.size:
                found.head = piece[:HEAD]
            found.size += len(piece)
            found.controls += _controls(piece)
            if not piece.isascii() or not found.utf8:
                if len(telling) < 4:
                    telling.append(_telling(piece))
                try:
                    decoder.decode(piece)
                except UnicodeDecodeError:
                    found.utf8 = False
                    decoder.reset()
            kinds |= _ends(piece, before)
            found.blanks = found.blanks or (b'"' in piece and bool(_BLANKS.search(piece)))
            found.tail = (found.tail + piece if len(piece) < TAIL else piece)[-TAIL:]
            before = piece[-1:]
    if before == b"\r":
        kinds.add(b"\r")
    found.telling = b"\n".join(telling)
    found.ends = frozenset(kinds)
    try:
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        found.utf8 = False
    return found


_BLANKS = re.compile(rb'[,;\t|][ ]+"|"[ ]+[,;\t|]')


def _controls(piece: bytes) -> int:
    """How many control characters there are, but for tabs and line ends."""
    values = np.frombuffer(piece, np.uint8)
    low = np.count_nonzero(values < 32) - sum(np.count_nonzero(values == mark) for mark in b"\t\n\r")
    return int(low + np.count_nonzero(values == 127))


def _ends(piece: bytes, before: bytes) -> set[bytes]:
    """The kinds of line ends in a piece, which follows a byte. A carriage return at its end is seen later."""
    if b"\r" not in piece and before != b"\r":
        return {b"\n"} if b"\n" in piece else set()
    piece = before + piece if before == b"\r" else piece
    returns, feeds, both = piece[:-1].count(b"\r"), piece.count(b"\n"), piece.count(b"\r\n")
    found = {b"\r\n"} if both else set()
    if feeds > both:
        found.add(b"\n")
    return found | ({b"\r"} if returns > both else set())


def _telling(piece: bytes) -> bytes:
    """The lines of a piece with bytes beyond ASCII, as far as they are needed; whole ones only."""
    lines = re.findall(rb"(?<=\n)[^\n]*[\x80-\xff][^\n]*(?=\n)", piece)
    return b"\n".join(lines)[: 2 * ENOUGH]


def _charset(scan: _Scan, asked: str | None) -> Charset:
    head = charset_of(scan.head, scan.whole, asked)
    if asked is not None or not scan.head.isascii() or not scan.telling or not head.is_utf8:
        return head if asked is not None or not scan.utf8 or not head.is_utf8 else Charset(head.name)
    return charset_of(scan.telling, True)


def _laid_out(scan: _Scan, encoding: str, header: bool | None) -> Layout:
    text = scan.head.decode(encoding, errors="replace").translate(_NO_CONTROLS)
    if scan.whole:
        return layout_of(text, None, header)
    cut = scan.tail if not encoding.startswith(("utf-16", "utf-32")) else b""
    return layout_of(text, cut.decode(encoding, errors="replace").translate(_NO_CONTROLS), header)


_NO_CONTROLS = dict.fromkeys(CONTROLS)


def _notes(charset: Charset, shown: Path, asked: bool) -> list[Note]:
    if asked or charset.name.startswith("utf"):
        return []
    if charset.ties:
        facts = {"path": str(shown), "encoding": charset.name, "ties": ", ".join(charset.ties)}
        return [("data.note_encoding_tie", facts)]
    return [("data.note_encoding", {"path": str(shown), "encoding": charset.name})]


def _has_plain_name(path: Path) -> bool:
    """Whether DuckDB accepts the name: it takes UTF-8 only, and reads ~ as the home folder."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return not str(path).startswith("~")


def _copy(path: Path, copy: Path, layout: Layout, blanks: bool) -> int:
    """Write the plain text; how many bytes could not be decoded."""
    damaged = [0]
    reading = io.TextIOWrapper(opened(path), encoding=layout.encoding, errors="replace", newline=None)
    with reading as text, copy.open("w", encoding="utf-8", newline="") as target:
        pieces = _decoded(text, layout, damaged)
        if not blanks:
            target.writelines(pieces)
            return damaged[0]
        lines = _lines(pieces)
        for _ in range(layout.skip):
            next(lines, None)
            target.write("\n")
        between = layout.delimiter
        if between == BLANK:
            lines = (line.strip(" \n") + "\n" for line in lines)
        writer = csv.writer(target, delimiter="," if between == BLANK else between, lineterminator="\n")
        for row in csv.reader(lines, delimiter=between, skipinitialspace=True):
            writer.writerow([cell.strip() for cell in row])
    return damaged[0]


def _decoded(text: Any, layout: Layout, damaged: list[int]) -> Iterator[str]:
    """The text some at a time: \\n at the end of lines, no control characters, no footer."""
    held = ""
    while piece := text.read(PIECE):
        damaged[0] += piece.count("\ufffd")
        held += piece.translate(_NO_CONTROLS) if _CONTROL.search(piece) else piece
        if len(held) > TAIL:
            yield held[:-TAIL]
            held = held[-TAIL:]
    lines = LINE.findall(held)
    yield "".join(lines[: len(lines) - layout.footer])


_CONTROL = re.compile(f"[{re.escape(CONTROLS.decode())}]")


def _lines(pieces: Iterable[str]) -> Iterator[str]:
    held = ""
    for piece in pieces:
        *lines, held = (held + piece).split("\n")
        yield from (line + "\n" for line in lines)
    if held:
        yield held


# ---- cells ---------------------------------------------------------------------------------------


def cleaned(column: Any) -> Any:
    """A column of text, trimmed, with null for every word that stands for nothing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.is_in(column, pa.array(MISSING_WORDS)), pa.scalar(None, column.type), column)


def refuse_ragged(text: PlainText, shown: Path) -> None:
    """Names the first row with another number of cells than there are columns, or with open quotes; a text
    without a row is refused, too."""
    expected, line, seen = len(text.layout.names), 1, False
    with io.TextIOWrapper(opened(text.path), encoding="utf-8", errors="replace", newline="") as file:
        lines = iter(file)
        for _ in range(text.layout.skip):
            line += 1
            next(lines, None)
        reader = csv.reader(lines, delimiter=text.options["delim"], strict=True)
        try:
            for row in reader:
                seen = seen or bool(row)
                if row and len(row) != expected:
                    facts = {"found": len(row), "expected": expected}
                    number = text.layout.skip + reader.line_num
                    raise DownslopeError("data.ragged", path=shown, line=number, **facts)
                line = text.layout.skip + reader.line_num + 1
        except csv.Error:
            raise DownslopeError("data.quotes", path=shown, line=line) from None
    if not seen:
        raise DownslopeError("data.no_rows", source=shown)


def is_text(held: Any) -> bool:
    import pyarrow.types as types

    return types.is_string(held) or types.is_large_string(held) or types.is_string_view(held)
