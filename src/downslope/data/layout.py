"""How the lines of a text are cut into cells, and which of them are rows: inferred from its first and last
lines.

The delimiter is the one by which most lines have the same number of cells. Lines before the header (`sep=;`,
comments, a title) and after the last row (a total, a source) are no rows. The first line of cells holds the
names, unless all of them are numbers; what else might be wrong with it is said in a note.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Note = tuple[str, dict[str, Any]]

DELIMITERS = (",", ";", "\t", "|")
BLANK = " "  # between the cells of what R's write.table makes, and of tables in columns
LOOKED = 200  # lines by which a text is judged
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.I)
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(e[+-]?\d+)?", re.I)
DECIMAL_POINT = re.compile(r"[+-]?\d*\.\d+(e[+-]?\d+)?", re.I)
THOUSANDS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+")
THOUSAND = re.compile(r"[+-]?\d{1,3}(,\d{3})+")  # or three decimals
MISSING = ("", "?", "NA", "na", "N/A", "n/a", "NaN", "nan", "NAN", "NULL", "Null", "null")
SEPARATOR = re.compile(r'\s*"?sep=(.)"?\s*', re.I)
TOTAL = re.compile(
    r"((grand|sub|column)?\s*-?(total|sum)s?|average|avg|mean|合\s*计|总\s*计|小\s*计|总\s*和|平均(值|数)?|均值|"
    r"合\s*計|總\s*計|小\s*計|gesamt(summe)?|summe|mittelwert|totale?s?|totaux|somme|moyenne|suma|media|promedio|"
    r"soma|média|итого|всего|среднее|合計|平均|합계|평균|총계)\s*[:：]?",
    re.I,
)
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


@dataclass(frozen=True)
class Layout:
    """names: of the columns, each once.  header: whether a line holds them.  skip: lines before the first
    row, the header among them.  footer: lines after the last.  blanks: whether some stand around quotes, or
    between the cells.  decimal: the mark in numbers.

    >>> layout_of("sep=;\\nx;y\\n1;0,5\\n")
    Layout(delimiter=';', names=('x', 'y'), header=True, skip=2, footer=0, decimal=',', blanks=False, ...)
    """

    delimiter: str
    names: tuple[str, ...]
    header: bool = True
    skip: int = 1
    footer: int = 0
    decimal: str = "."
    blanks: bool = False
    encoding: str = "utf-8"
    ending: tuple[str, ...] = ()  # what stands in the footer
    notes: tuple[Note, ...] = ()


def layout_of(text: str, last: str | None = None, header: bool | None = None) -> Layout:
    """The layout of a text by its first lines, and its `last` ones; without those the first are all.

    header: whether there is a line of names, if known. Raises ValueError for a text without a line.
    """
    lines = LINE.findall(text.removeprefix("\ufeff"))
    if last is not None and len(lines) > 1:
        lines.pop()  # cut somewhere
    begin = next((at for at, line in enumerate(lines) if line.strip()), None)
    if begin is None:
        raise ValueError("no line")
    declared = SEPARATOR.fullmatch(lines[begin].strip("\r\n"))
    begin += 1 if declared else 0
    first = begin
    while first < len(lines) and (lines[first].startswith("#") or not lines[first].strip()):
        first += 1
    comments = lines[begin:first]
    if first == len(lines):  # comments only: then they are none
        first, comments = begin, []
    records = _Records(lines[first : first + LOOKED])
    delimiter = declared[1] if declared else _delimiter(records)
    rows = records.cut(delimiter)
    width = _width(rows)
    notes: list[Note] = []
    behind, more = _named_in_comment(comments, rows, delimiter, width)
    if more is not None:
        names, at, found = more, -1, True
        skip = first
        notes += _note_of_preamble([line for line in comments[:behind] if line.strip()])
    else:
        at = _first_row(rows, width)
        skip = first + rows[at].first
        notes += _note_of_preamble([line for line in lines[begin:skip] if line.strip()])
        names = rows[at].cells
        found, said = _is_header(rows[at:], width, delimiter) if header is None else (header, None)
        if said is not None:
            facts = {"names": ", ".join(names[:4]) + (", …" if len(names) > 4 else "")}
            notes.append((said, facts))
        skip += (rows[at].last - rows[at].first) if found else 0
    # lines are skipped as DuckDB counts them: by quotes, which may not match in a title
    quotes = any('"' in line for line in lines[:skip]) and (skip > 1 or not found)
    body = [row.cells for row in rows[at + 1 if found else at :]]
    names, said_of_names = _named(names if found else (), body, width)
    footer, ending = _footer(lines, last, delimiter, body, skip)
    return Layout(
        delimiter,
        names,
        found,
        skip,
        footer,
        _decimal(body, delimiter),
        delimiter == BLANK or quotes or records.blanks(delimiter),
        ending=ending,
        notes=(*notes, *said_of_names, *_note_of_footer(ending)),
    )


# ---- cells -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Row:
    """The cells of lines first … last − 1."""

    cells: tuple[str, ...]
    first: int
    last: int


class _Records:
    """Lines, cut by any delimiter."""

    def __init__(self, lines: Sequence[str]):
        self.lines = lines

    def cut(self, delimiter: str, blanks: bool = True) -> list[_Row]:
        """Rows that are not blank; the last line may end within quotes, and is left out then."""
        found, before = [], 0
        reader = csv.reader(self._cleaned(delimiter), delimiter=delimiter, skipinitialspace=blanks)
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells) or len(cells) > 1:
                    found.append(_Row(tuple(cell.strip() for cell in cells), before, reader.line_num))
                before = reader.line_num
        except csv.Error:  # a cell of megabytes: quotes that are never closed
            pass
        if len(found) > 1 and found[-1].last - found[-1].first > 1 and found[-1].last >= len(self.lines):
            found.pop()
        return found

    def blanks(self, delimiter: str) -> bool:
        """Whether a quote stands behind a blank, or before one."""
        marks = re.compile(rf'(^|{re.escape(delimiter)})[ ]+"|"[ ]+({re.escape(delimiter)}|[\r\n]*$)')
        if not any(marks.search(line) for line in self.lines):
            return False
        for row in self.cut(delimiter, blanks=False):
            if any(cell.startswith('"') for cell in row.cells):
                return True
        return any(re.search(rf'"[ ]+({re.escape(delimiter)}|[\r\n]*$)', line) for line in self.lines)

    def _cleaned(self, delimiter: str) -> list[str]:
        return [line.strip(" ") for line in self.lines] if delimiter == BLANK else list(self.lines)


def _width(rows: Sequence[_Row]) -> int:
    """How many cells most rows have; the more where two numbers are as common."""
    counts = Counter(len(row.cells) for row in rows)
    return max(counts, key=lambda width: (counts[width], width), default=1)


def _delimiter(records: _Records) -> str:
    """By which most rows have the same number of cells, at least two; among those, the most numbers."""

    def score(delimiter: str) -> tuple[float, float, int]:
        rows = records.cut(delimiter)
        width = _width(rows)
        if width == 1 or (len(rows) == 1 and delimiter == BLANK):
            return (0.0, 0.0, 0)
        named = len(rows[0].cells)
        if named == 1 < width and not _row_names(rows) and not _titled(rows, width, delimiter):
            return (0.0, 0.0, 0)
        same = [row for row in rows if len(row.cells) == width]
        share = (len(same) + 0.99 * (named == width - 1)) / len(rows)
        cells = [cell for row in same[1:] or same for cell in row.cells]
        numbers = sum(_is_number(cell, delimiter) for cell in cells) / len(cells)
        if delimiter == BLANK and not (share > 0.98 and numbers >= 0.3):
            return (0.0, 0.0, 0)
        return (round(share, 6), round(numbers, 2), width)

    scores = {delimiter: score(delimiter) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda delimiter: scores[delimiter])
    if not any(scores[best]) and not score(BLANK)[0]:  # one column, whose numbers may have a comma
        alone = (d for d in DELIMITERS if all(len(row.cells) == 1 for row in records.cut(d)))
        return next(alone, best)
    return BLANK if scores[best][0] < 0.5 and score(BLANK)[0] > 0 else best


def _row_names(rows: Sequence[_Row]) -> bool:
    """Whether one name above two cells is that of the second: the first counts the rows."""
    if len(rows) < 3 or any(len(row.cells) != 2 for row in rows[1:]):
        return False
    return [row.cells[0] for row in rows[1:]] == [str(at) for at in range(1, len(rows))]


def _titled(rows: Sequence[_Row], width: int, delimiter: str) -> bool:
    """Whether names stand under lines of one cell, and under the names numbers, or rows of as many cells."""
    at = next((k for k, row in enumerate(rows) if len(row.cells) > 1), 0)
    if not at or len(rows[at].cells) != width:
        return False
    names, below = rows[at].cells, rows[at + 1 :]
    words = [bool(cell) and not _is_number(cell, delimiter) for cell in names]
    if all(words) and any(_is_number(cell, delimiter) for row in below for cell in row.cells):
        return True
    full = sum(len(row.cells) == width for row in below)  # a footer may follow
    return width > 2 and any(words) and len(set(names)) == width and full > 1 and 10 * full >= 9 * len(below)


def _is_number(cell: str, delimiter: str = ",") -> bool:
    found = NUMBER.fullmatch(cell) or (delimiter != "," and DECIMAL_COMMA.fullmatch(cell))
    return bool(found)


def _decimal(body: Sequence[Sequence[str]], delimiter: str) -> str:
    """A comma where cells have one in place of a point, and none has a point."""
    cells = [cell for row in body for cell in row]
    if not any(DECIMAL_COMMA.fullmatch(cell) for cell in cells):
        return "."
    points = any(DECIMAL_POINT.fullmatch(cell) and not THOUSANDS.fullmatch(cell) for cell in cells)
    return "." if points or (delimiter == "," and any(THOUSAND.fullmatch(cell) for cell in cells)) else ","


# ---- the first lines -------------------------------------------------------------------------------


def _named_in_comment(
    comments: Sequence[str], rows: Sequence[_Row], delimiter: str, width: int
) -> tuple[int, tuple[str, ...] | None]:
    """The place of a comment line that holds the names (`# x,y`), and those; None where there is none."""
    at = max((at for at, line in enumerate(comments) if line.strip()), default=None)
    if at is None or not rows or not any(_is_number(cell, delimiter) for cell in rows[0].cells):
        return 0, None
    (line,) = _Records([comments[at].lstrip("#").strip()]).cut(delimiter) or [_Row((), 0, 0)]
    fits = len(line.cells) == width and width > 1
    if not fits or any(_is_number(cell, delimiter) or not cell for cell in line.cells):
        return 0, None
    return at, line.cells


def _first_row(rows: Sequence[_Row], width: int) -> int:
    """The place of the first row that is no title: a title has one cell only, where others have `width`."""
    if width == 1 or (width == 2 and _row_names(rows)):
        return 0
    filled = [[cell for cell in row.cells if cell] for row in rows]
    at = next((k for k, cells in enumerate(filled) if len(cells) > 1), 0)
    if any(_is_number(cell) for cells in filled[:at] for cell in cells):
        return 0
    ragged = all(len(row.cells) != width for row in rows[:at])
    named = len(rows[at].cells) >= width - 1 and not any(map(_is_number, filled[at]))
    numbers = any(_is_number(cell) for cells in filled[at + 1 :] for cell in cells)
    return at if ragged or (named and numbers) else 0


def _is_header(rows: Sequence[_Row], width: int, delimiter: str) -> tuple[bool, str | None]:
    """Whether the first row holds names, and the key of what is to be said about it."""
    first, below = rows[0].cells, [row.cells for row in rows[1:] if len(row.cells) == width]
    numbers = [cell for cell in first if _is_number(cell, delimiter)]
    if len(numbers) == len(first):
        named = _counts(first) and not any(map(_counts, below)) and below
        return (True, "data.note_names_are_numbers") if named else (False, "data.note_no_header")
    if not below or len(first) != width:
        return True, None
    columns = list(zip(*below))
    kinds = [_kind(column, delimiter) for column in columns]
    held = [j for j in range(width) if kinds[j] == "numeric"]
    if held:
        fits = all(first[j] in MISSING or _is_number(first[j], delimiter) for j in held)
        data = fits and bool(numbers) and not _names(numbers)
    else:
        data = width > 1 and all(cell and cell in column for cell, column in zip(first, columns))
    return True, "data.note_first_row" if data else None


def _counts(cells: Sequence[str]) -> bool:
    """Whether numbers are names: years in their order, or 0, 1, 2 … as pandas names columns."""
    if len(cells) < 2 or not all(cell.isascii() and cell.isdigit() for cell in cells):
        return False
    values = [int(cell) for cell in cells]
    steps = {after - before for before, after in pairwise(values)}
    years = 1000 <= min(values) <= max(values) <= 2999
    rising = all(step > 0 for step in steps) or all(step < 0 for step in steps)
    plain = steps == {1} and (values[0], len(values) > 2 + values[0]) in ((0, True), (1, True))
    return (years and rising) or plain


def _names(numbers: Sequence[str]) -> bool:
    """Whether the numbers among other names may be names too."""
    return _counts(numbers) or (len(numbers) == 1 and bool(re.fullmatch("1[89]\\d\\d|20\\d\\d", numbers[0])))


def _kind(column: Sequence[str], delimiter: str) -> str:
    known = [cell for cell in column if cell not in MISSING]
    numbers = sum(_is_number(cell, delimiter) for cell in known)
    return "missing" if not known else "numeric" if 10 * numbers >= 9 * len(known) else "text"


def _named(
    header: Sequence[str], body: Sequence[Sequence[str]], width: int
) -> tuple[tuple[str, ...], list[Note]]:
    """The names that the columns go by: each once, none empty."""
    if not header:
        return tuple(f"column{j:0{len(str(width - 1))}d}" for j in range(width)), []
    notes: list[Note] = []
    names = list(header)
    if len(names) == width - 1 and len(body) > 1 and all(len(row) == width for row in body):
        if all(row[-1] == "" for row in body):  # each row ends with a delimiter
            names.append("")
        else:
            names.insert(0, "row_name")
            notes.append(("data.note_row_names", {"column": "row_name"}))
    while len(names) > width and not names[-1] and not any(len(row) == len(names) for row in body):
        names.pop()
    names = [name or f"column{j}" for j, name in enumerate(names)]
    for j, name in enumerate(names):
        if name in names[:j]:
            number = 2
            while f"{name}_{number}" in names:
                number += 1
            names[j] = f"{name}_{number}"
            notes.append(("data.note_name_again", {"column": name, "name": names[j]}))
    return tuple(names), notes


def _note_of_preamble(lines: Sequence[str]) -> list[Note]:
    if not lines:
        return []
    example = lines[0].strip()
    return [("data.note_preamble", {"count": len(lines), "example": example[:60]})]


# ---- the last lines --------------------------------------------------------------------------------


def _footer(
    lines: Sequence[str], last: str | None, delimiter: str, body: Sequence[Sequence[str]], skip: int
) -> tuple[int, tuple[str, ...]]:
    """How many lines behind the last row are none, blank ones among them; and those that are not blank."""
    ending = [*lines[skip:]] if last is None else LINE.findall(last)[1:]
    if len(body) < 2:
        return 0, ()
    width = len(body[0])
    above = [_kind([row[j] for row in body[:-1] if len(row) == width], delimiter) for j in range(width)]
    whole = last is None
    at = len(ending)
    taken: list[str] = []
    while at > 1 and len(taken) < 6:
        line = ending[at - 1]
        if line.strip():
            rows = _Records([line]).cut(delimiter)
            cells = rows[0].cells if rows else ()
            ahead = ending[at - 2].strip() == "" if at > 1 else False
            if line.count('"') % 2 or not _is_footer(cells, line, ahead, width, above, body, whole):
                break
            taken.append(line)
        at -= 1
    if not taken:
        return 0, ()
    while at > 1 and not ending[at - 1].strip():
        at -= 1
    return len(ending) - at, tuple(line.strip() for line in reversed(taken))


def _note_of_footer(lines: Sequence[str]) -> list[Note]:
    return [("data.note_footer", {"count": len(lines), "example": lines[0][:60]})] if lines else []


def _is_footer(
    cells: Sequence[str],
    line: str,
    ahead: bool,
    width: int,
    above: Sequence[str],
    body: Sequence[Sequence[str]],
    whole: bool,
) -> bool:
    filled = [cell for cell in cells if cell]
    if not filled or width < 2:
        return False
    if len(cells) != width or len(filled) == 1 < width:  # a remark
        words = " " in filled[0] or filled[0].endswith((":", "."))
        remark = len(filled) == 1 and not _is_number(filled[0]) and (ahead or line.startswith("#") or words)
        spread = line.startswith("#") or (ahead and len(cells) != width and not _is_number(filled[0]))
        if len(cells) != width:
            return remark or spread
        if remark and above[cells.index(filled[0])] == "numeric":
            return True
    first = cells.index(filled[0])
    if not TOTAL.fullmatch(filled[0]) or len(filled) < 2:
        return False
    if any(row[first] == filled[0] for row in body[:-1] if len(row) == width):
        return False
    if above[first] == "numeric":
        return True
    full = all(cell for row in body[-20:-1] for cell in row)
    return (full and len(filled) < width) or (whole and _adds_up(cells, above, body))


def _adds_up(cells: Sequence[str], above: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Whether the numbers of a row are the sums, or the means, of those above."""
    seen = 0
    rows = [row for row in body if len(row) == len(cells) and tuple(row) != tuple(cells)]
    for j, cell in enumerate(cells):
        if above[j] != "numeric" or not cell:
            continue
        try:
            values = [float(row[j].replace(",", ".")) for row in rows if row[j] not in MISSING]
            number = float(cell.replace(",", "."))
        except ValueError:
            return False
        sums = (sum(values), sum(values) / max(1, len(values)))
        if min(abs(number - value) for value in sums) > 1e-2 * max(1.0, abs(number)):
            return False
        seen += 1
    return seen > 0
