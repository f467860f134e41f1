"""What the text cells of a column hold, decided by all of them: counted part by part, the counts added.

One rule for rows in memory, in parts and on a cluster. A column of which at least 9 in 10 known cells are
numbers is numeric, and so for dates and times of day; the other cells are strays, which are named and count
as missing. true and false alone are a boolean; all else is text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .delimited import cleaned, is_text
from .numbers import (
    DAY,
    FITS,
    ORDERS,
    SHOWS,
    Dates,
    as_numpy,
    bare_way,
    dates_of,
    integers,
    iso_date,
    iso_dates,
    plain_numbers,
    spelled_dates,
    times_of,
    unit_fits,
    values_of,
    ways_of,
)

Note = tuple[str, dict[str, Any]]
LONG = 2.0**53  # beyond it, a double does not hold every whole number
EXAMPLES = 3
CODES = 100  # one in so many whole numbers with a leading zero, and as long as all others, makes codes of all
BOOLEAN = r"(?i)^(true|false)$"
STRAYS = {
    "numeric": "data.note_strays_numeric",
    "date": "data.note_strays_date",
    "time": "data.note_strays_time",
    "boolean": "data.note_strays_boolean",
}
TRUE, FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")


@dataclass(frozen=True)
class TextFormat:
    """How the text cells of a column are read: stored with an encoding, so that later files are read in the
    same way."""

    kind: str = "text"  # "numeric", "boolean", "date", "time", "text", "missing" or "other"
    decimal: str = "."  # the decimal mark of numbers
    unit: str = ""  # "%" or a currency next to the numbers
    order: str = "ymd"  # of dates: "ymd", "dmy" or "mdy"
    spelled: bool = False  # whether some cells are written as (1.5) or 1.5-, as 1 Jan 2023 or 2023Q1

    @property
    def is_plain(self) -> bool:
        """Whether plain numbers are what they are without a look at their column."""
        return self.kind == "numeric" and self.decimal == "."


@dataclass
class Occurrences:
    """Cells of one way of writing: how many, and the first few different ones with their rows."""

    count: int = 0
    first: list[tuple[int, str]] = field(default_factory=list)

    def add(self, count: int, first: Iterable[tuple[int, str]]) -> None:
        self.count += count
        words: dict[str, int] = {}
        for row, word in sorted([*self.first, *first]):
            words.setdefault(word, row)
        self.first = [(row, word) for word, row in words.items()][:EXAMPLES]


@dataclass
class CellCounts:
    """Of the cells of one column."""

    rows: int = 0
    known: int = 0
    seen: dict[tuple[str, str], Occurrences] = field(default_factory=dict)  # (way, unit) → cells
    widest: float = 0.0  # the largest whole number, without its sign
    digits: tuple[int, int] = (99, 0)  # of the shortest and the longest whole number
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)  # order → the first and last date
    nested: int = 0  # cells that look like lists or objects

    def add(self, column: Any, careful: bool) -> Any:
        """The next cells; as float64 where all of them are plain numbers, else None. `careful`: tell plain
        numbers apart by the way in which they are written."""
        first, self.rows = self.rows, self.rows + len(column)
        quick = None if careful else plain_numbers(column)
        if quick is None:
            column = cleaned(column)
            quick = None if careful else plain_numbers(column)
        known = len(column) - column.null_count
        self.known += known
        if quick is None:
            self._add_each(column, first) if known else None
            return None
        numbers, whole = quick
        if known:
            seen = self.seen.setdefault(("plain" if whole else "plain.", ""), Occurrences())
            near = _valid(column).nonzero()[0][:EXAMPLES] if len(seen.first) < EXAMPLES else ()
            seen.add(known, [(int(place) + first + 1, column[int(place)].as_py()) for place in near])
            self._add_whole(numbers) if whole else None
        return numbers

    def _add_whole(self, numbers: Any) -> None:
        import pyarrow.compute as pc

        low, high = (float(value or 0) for value in pc.min_max(numbers).as_py().values())
        self.widest = max(self.widest, -low, high)
        least, most = pc.min_max(pc.abs(numbers)).as_py().values()
        if least is not None:
            lengths = (len(f"{least:.0f}"), len(f"{most:.0f}"))
            self.digits = min(self.digits[0], lengths[0]), max(self.digits[1], lengths[1])

    def _add_each(self, column: Any, first: int) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        coded = column.dictionary_encode()
        cells, codes = coded.dictionary, coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        counts = np.bincount(codes[codes >= 0], minlength=len(cells))
        firsts = np.zeros(len(cells), np.int64)
        places = np.flatnonzero(codes >= 0)[::-1]
        firsts[codes[places]] = places
        ways, units, bare = ways_of(cells)
        whole = np.char.lstrip(ways, "-(") == "whole"
        if whole.any():
            self._add_whole(bare.filter(pa.array(whole)).cast(pa.float64()))
        rest = np.flatnonzero(ways == "")
        if len(rest):
            others = cells.take(pa.array(rest))
            ways[rest] = self._other_ways(others, counts[rest])
            units[rest] = ""
            nested = pc.match_substring_regex(others, r"^[\[{]").to_numpy(zero_copy_only=False)
            self.nested += int(counts[rest][nested].sum())
        for way, unit in sorted(set(zip(ways.tolist(), units.tolist(), strict=True))):
            own = np.flatnonzero((ways == way) & (units == unit))
            near = own[np.argsort(firsts[own], kind="stable")[:EXAMPLES]]
            examples = [(int(firsts[k]) + first + 1, cells[int(k)].as_py()) for k in near]
            self.seen.setdefault((way, unit), Occurrences()).add(int(counts[own].sum()), examples)

    def _other_ways(self, cells: Any, counts: np.ndarray) -> np.ndarray:
        """Of cells that are no numbers: "bool", "ymd", "dmy", "mdy", "dmy or mdy", "time" or "word"; of dates
        "spelled" with words, "period" without a day, "season" for years such as 2011/12."""
        import pyarrow.compute as pc

        ways = np.full(len(cells), "word", dtype="<U10")
        ways[pc.match_substring_regex(cells, BOOLEAN).to_numpy(zero_copy_only=False)] = "bool"
        ways[times_of(cells)[1]] = "time"
        if iso_dates(cells) is not None:
            return np.full(len(cells), "ymd", dtype="<U10")
        cells, spelled, periods = spelled_dates(given := cells)
        dates = Dates(cells)
        if not len(dates.at):
            return ways
        found = {order: dates.micros(order) for order in ORDERS}
        first = dates.long_a == 4
        either = ~first & found["dmy"][1] & found["mdy"][1]
        for order in ("mdy", "dmy"):
            ways[dates.at[found[order][1] & ~first]] = order
            if either.any():
                span = found[order][0][either]
                low, high = self.spans.get(order, (span[0], span[0]))
                self.spans[order] = int(min(low, span.min())), int(max(high, span.max()))
        ways[dates.at[either]] = "dmy or mdy"
        alone = (dates.long_c != 4) & ~found["dmy"][1] & ~found["mdy"][1]
        ways[dates.at[found["ymd"][1] & (first | alone)]] = "ymd"
        ways[spelled[ways[spelled] == "ymd"]] = "spelled"
        ways[periods[ways[periods] == "spelled"]] = "period"
        if len(periods):
            near = pc.extract_regex(given, r"^\d\d(?P<one>\d\d)[/-](?P<next>\d\d)$")
            one, following = (integers(pc.struct_field(near, name)) for name in ("one", "next"))
            ways[(ways == "period") & (one >= 0) & ((one + 1) % 100 == following)] = "season"
        return ways

    # ---- what follows ----------------------------------------------------------------------------

    def count(self, ways: Iterable[str], units: Iterable[str] | None = None) -> int:
        return sum(
            seen.count
            for (way, unit), seen in self.seen.items()
            if bare_way(way) in ways and (units is None or unit in units)
        )

    @property
    def unit(self) -> str:
        """The unit of most numbers; a currency next to some of them applies to the plain ones, too."""
        totals: dict[str, int] = {}
        for (way, unit), seen in self.seen.items():
            if bare_way(way) in FITS["."] or bare_way(way) in FITS[","]:
                totals[unit] = totals.get(unit, 0) + seen.count
        most = max(totals, key=lambda unit: (totals[unit], unit == ""), default="")
        money = [unit for unit in totals if len(unit_fits(unit)) > 1]
        return money[0] if most == "" and len(money) == 1 else most

    def decimal(self, of_file: str, delimiter: str) -> str:
        """The decimal mark: as the column's own cells show for certain, else as the file's do."""
        point, comma = (self.count(SHOWS[mark]) for mark in ".,")
        if point != comma:
            return "." if point > comma else ","
        if of_file or not self.count(["comma3"]):
            return of_file or "."
        return "," if delimiter == ";" or self.digits[1] > 3 else "."

    def format(self, of_file: str, delimiter: str) -> TextFormat:
        if not self.known:
            return TextFormat("missing")
        decimal, unit = self.decimal(of_file, delimiter), self.unit
        signed = [way for way, _ in self.seen if way.startswith(("-", "("))]
        numeric = TextFormat("numeric", decimal, unit, spelled=bool(signed))
        fitting = self._fitting(numeric)
        in_brackets = sum(seen.count for (way, _), seen in self.seen.items() if way[0] == "(")
        # (1), (2), (3) alone number something
        if 10 * fitting >= 9 * self.known and not self._codes() and in_brackets < fitting:
            return numeric
        if self.count(["bool"]) == self.known:
            return TextFormat("boolean")
        words = any(way in ("spelled", "period", "season") for way, _ in self.seen)
        date = TextFormat("date", order=self._order(), spelled=words)
        for other in (date, TextFormat("time")):
            if 10 * self._fitting(other) >= 9 * self.known:
                return other
        return TextFormat("other" if 10 * self.nested >= 9 * self.known else "text")

    def _codes(self) -> bool:
        """Whole numbers of one length, some with a leading zero: they name something."""
        zeros = [seen for (way, _), seen in self.seen.items() if way == "zeros"]
        count, lengths = self.count(["zeros"]), {len(cell) for seen in zeros for _, cell in seen.first}
        return CODES * count >= self.known and lengths == set(self.digits) and count > 0

    def _order(self) -> str:
        """Of dates: as some cell shows for certain; else the order in which they lie closer together."""
        day, month = self.count(["dmy"]), self.count(["mdy"])
        if day != month or not self.spans:
            return "mdy" if month > day else "dmy" if day or self.spans else "ymd"
        spans = {order: high - low for order, (low, high) in self.spans.items()}
        return "mdy" if spans["mdy"] < spans["dmy"] else "dmy"

    def _fits(self, form: TextFormat, way: str, unit: str) -> bool:
        if form.kind == "numeric":
            return bare_way(way) in FITS[form.decimal] and unit in unit_fits(form.unit)
        if form.kind == "date":
            either = ("dmy or mdy",) if form.order != "ymd" else ()
            months = ("season",) if self.count(["period"]) else ()  # 2011/12 alone is a season
            return way in ("ymd", form.order, "spelled", "period", *either, *months)
        return form.kind != "time" or way == "time"

    def _fitting(self, form: TextFormat) -> int:
        return sum(seen.count for (way, unit), seen in self.seen.items() if self._fits(form, way, unit))

    def strays(self, form: TextFormat) -> Occurrences:
        """The cells that are nothing of the kind."""
        found = Occurrences()
        if form.kind in ("numeric", "date", "time"):
            for (way, unit), seen in self.seen.items():
                if not self._fits(form, way, unit):
                    found.add(seen.count, seen.first)
        return found

    def notes(self, name: str, form: TextFormat, delimiter: str) -> list[Note]:
        """What has to be said of how the cells are read."""
        notes: list[Note] = []
        strays = self.strays(form)
        if strays.count:
            row, value = strays.first[0]
            facts = {"column": name, "count": strays.count, "known": self.known, "row": row, "value": value}
            notes.append((STRAYS[form.kind], facts))
        if form.kind == "numeric":
            apart = ("commas", "comma3") if form.decimal == "." else ("dots", "dot3")
            notes += self._read_as(name, form, (*apart, "spaces", "spaces.", "spaces,"))
            for sign in "-(":
                notes += self._read_as(name, form, [way for way, _ in self.seen if way.startswith(sign)])
            if form.unit:
                notes.append(("data.note_unit", {"column": name, "unit": form.unit}))
            if form.decimal == "," and not self.count(SHOWS[","]) and self.count(["comma3"]):
                notes += self._read_as(name, form, ("comma3",))
        if form.kind == "date" and ("period", "") in self.seen:
            _, example = self.seen[("period", "")].first[0]
            facts = {"column": name, "example": example, "value": iso_date(example)[0]}
            notes.append(("data.note_read_as_date", facts))
        if form.kind == "date" and self.spans and not self.count(["dmy", "mdy"]):
            example = self.seen[("dmy or mdy", "")].first[0][1]
            key = "data.note_order_mdy" if form.order == "mdy" else "data.note_order_dmy"
            notes.append((key, {"column": name, "example": example}))
        if form.kind == "text":
            numbers = self._fitting(TextFormat("numeric", self.decimal("", delimiter), self.unit))
            if self.known > numbers >= self.known / 2 and not self._codes():
                form = TextFormat("numeric", self.decimal("", delimiter), self.unit)
                row, value = self.strays(form).first[0]
                facts = {"column": name, "count": self.known - numbers, "known": self.known}
                notes.append(("data.note_mixed", {**facts, "row": row, "value": value}))
        return notes

    def _read_as(self, name: str, form: TextFormat, ways: Sequence[str]) -> list[Note]:
        import pyarrow as pa

        firsts = [
            seen.first[0]
            for (way, unit), seen in self.seen.items()
            if way in ways and self._fits(form, way, unit)
        ]
        if not firsts:
            return []
        _, cell = min(firsts)
        value = values_of(pa.array([cell]), form.decimal, form.unit)[0].as_py()
        return [("data.note_read_as", {"column": name, "example": cell, "value": f"{value:.15g}"})]


def counted(names: Sequence[str]) -> dict[str, CellCounts]:
    return {name: CellCounts() for name in names}


def infer_formats(counts: Mapping[str, CellCounts], delimiter: str) -> tuple[dict[str, TextFormat], bool]:
    """How each column is read, and whether plain numbers decide it: where the decimal
    mark is a comma, 1.060 is no longer plain."""
    marks = {mark: sum(c.count(SHOWS[mark]) for c in counts.values()) for mark in ".,"}
    plain = sum(c.count(["plain."]) for c in counts.values())
    marks["."] += plain if not marks[","] else 0
    of_file = "" if marks["."] == marks[","] else "." if marks["."] > marks[","] else ","
    formats = {name: one.format(of_file, delimiter) for name, one in counts.items()}
    comma = of_file == "," or any(form.decimal == "," and form.kind == "numeric" for form in formats.values())
    return formats, not (comma and plain)


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
    if types.is_time(held):
        return "time"
    # a column that was made categorical stays so, even if it holds numbers
    plain = types.is_dictionary(held) and not types.is_nested(held.value_type)
    return "text" if is_text(held) or plain else "other"


def typed(column: Any, form: TextFormat | None) -> Any:
    """Text cells as values: float64, bool, timestamps, times or trimmed text; null where a cell is missing,
    or nothing of the kind. Columns that are not text stay as they are."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if form is None or not is_text(column.type):
        return column
    if isinstance(column, pa.ChunkedArray):
        return pa.chunked_array(
            [typed(chunk, form) for chunk in column.chunks or [pa.array([], pa.string())]]
        )
    if form.is_plain and (quick := plain_numbers(column)) is not None:
        return quick[0]
    column = cleaned(column)
    if form.kind == "missing":
        return pa.nulls(len(column))
    if form.kind == "other":
        return column.cast(pa.binary())
    if form.kind == "text":
        return column
    if form.is_plain and (quick := plain_numbers(column)) is not None:
        return quick[0]
    coded = column.dictionary_encode()
    cells = coded.dictionary
    if form.kind == "numeric":
        values = values_of(cells, form.decimal, form.unit)
    elif form.kind == "date":
        values = dates_of(cells, form.order)
    elif form.kind == "time":
        micros, fits = times_of(cells)
        values = pa.array(np.where(fits, micros, 0) % DAY, mask=~fits).cast(pa.time64("us"))
    else:
        lower = pc.utf8_lower(cells)
        true, false = (pc.is_in(lower, pa.array(words)) for words in (TRUE, FALSE))
        values = pc.if_else(pc.or_(true, false), true, pa.scalar(None, pa.bool_()))
    return values.take(coded.indices)


def strays_among(cells: Any, values: Any) -> Occurrences:
    """Cells of text that became no value, though they hold something; the first few with their rows."""
    import pyarrow as pa
    import pyarrow.compute as pc

    cells, values = (c.combine_chunks() if isinstance(c, pa.ChunkedArray) else c for c in (cells, values))
    cells = cleaned(cells)
    odd = pc.and_not(cells.is_valid(), values.is_valid())
    places = np.flatnonzero(as_numpy(odd, bool))
    return Occurrences(
        len(places), [(int(place) + 1, cells[int(place)].as_py()) for place in places[:EXAMPLES]]
    )


def _valid(column: Any) -> np.ndarray:
    return as_numpy(column.is_valid(), bool)
