"""Text cells that are numbers: in which way each is written, and their values once a column's way is known.

`1.5`, `1e5` and `7` are plain. Elsewhere a comma is the decimal mark (`1,5`), thousands are set apart
(`1,050`, `1.050`, `1 050`), or a unit is written next to the number (`12%`, `$5`). `1.060` and `1,060` can be
read in two ways: the rest of the column, then of the file, decides.
"""

from __future__ import annotations

from typing import Any

import numpy as np

# A leading zero marks a code (a postcode, a student number), not a number.
WHOLE = r"(?i)^[+-]?(0|[1-9]\d*)$"
DOT3 = r"^[+-]?[1-9]\d{0,2}\.\d{3}$"
POINT = r"(?i)^[+-]?(((0|[1-9]\d*)(\.\d*)?|\.\d+)(e[+-]?\d+)?|inf(inity)?)$"
COMMA3 = r"^[+-]?[1-9]\d{0,2},\d{3}$"
COMMA = r"(?i)^[+-]?((0|[1-9]\d*),\d+|,\d+)(e[+-]?\d+)?$"
COMMAS = r"^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$"
DOTS = r"^[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d*)?$"
GAPS = "[ \u00a0\u202f'’]"
SPACES = rf"^[+-]?[1-9]\d{{0,2}}({GAPS}\d{{3}})+$"
SPACES_POINT = rf"^[+-]?[1-9]\d{{0,2}}({GAPS}\d{{3}})+\.\d+$"
SPACES_COMMA = rf"^[+-]?[1-9]\d{{0,2}}({GAPS}\d{{3}})+,\d+$"
ZEROS = r"^[+-]?0\d+$"

# In this order: the first that fits. "plain" is what `plain_numbers` took whole: "whole", "point" or "dot3".
WAYS = {
    "whole": WHOLE, "dot3": DOT3, "point": POINT, "comma3": COMMA3, "comma": COMMA, "commas": COMMAS,
    "dots": DOTS, "spaces": SPACES, "spaces.": SPACES_POINT, "spaces,": SPACES_COMMA, "zeros": ZEROS,
}  # fmt: skip
SHOWS = {
    ".": ("point", "commas", "spaces."),
    ",": ("comma", "dots", "spaces,"),
}  # the decimal mark for certain
FITS = {
    ".": ("plain", "plain.", "whole", "point", "dot3", "commas", "comma3", "spaces", "spaces."),
    ",": ("plain", "whole", "comma", "comma3", "dots", "dot3", "spaces", "spaces,"),
}

_SIGNS = "US\\$|R\\$|[$€£¥￥₹₩₽]|USD|EUR|GBP|CHF|CNY|RMB|JPY"
UNITS = rf"\s*({_SIGNS}|%|％|元)\s*"
BEFORE = rf"^([+-]?)\s*({_SIGNS})\s*([+-]?[\d.,].*)$"
BEHIND = rf"^([+-]?[\d.,].*?)\s*(%|％|元|{_SIGNS})$"

_BAD, _POINT = 1, 2
_MARKS = np.full(256, _BAD, np.uint8)
_MARKS[list(b"0123456789+-")] = 0
_MARKS[list(b".eE")] = _POINT


def plain_numbers(column: Any) -> tuple[Any, bool] | None:
    """Text cells as float64, and whether all are whole numbers, where every known one is a plain number
    without a leading zero; None elsewhere. It works on bytes: numbers are not matched cell by cell."""
    import pyarrow as pa

    _, places, letters = column.buffers()
    if letters is None:
        return (column.cast(pa.float64()), True) if column.null_count == len(column) else None
    kind = np.int64 if pa.types.is_large_string(column.type) else np.int32
    edges = np.frombuffer(places, kind)[column.offset : column.offset + len(column) + 1]
    written = np.frombuffer(letters, np.uint8)[edges[0] : edges[-1]]
    seen = int(np.bitwise_or.reduce(_MARKS[written])) if written.size else 0
    if seen & _BAD:
        return None
    starts, lengths = edges[:-1] - edges[0], np.diff(edges)
    signed = np.zeros(len(starts), bool)
    some = lengths > 1
    signed[some] = written[starts[some]] < ord(".")  # + and −
    digits = starts + signed
    long = lengths - signed > 1
    zero = written[digits[long]] == ord("0")
    if zero.any():
        after = written[digits[long][zero] + 1]
        if ((after >= ord("0")) & (after <= ord("9"))).any():
            return None
    try:
        return column.cast(pa.float64()), not seen & _POINT
    except pa.ArrowInvalid:
        return None


def ways_of(cells: Any) -> tuple[np.ndarray, np.ndarray, Any]:
    """The way in which each cell is written ("" for no number), its unit, and the cell without the unit."""
    import pyarrow.compute as pc

    ways, units = np.zeros(len(cells), dtype="<U10"), np.zeros(len(cells), dtype="<U4")
    for pattern, kept, unit in ((BEFORE, r"\1\3", r"\2"), (BEHIND, r"\1", r"\2")):
        dressed = pc.match_substring_regex(cells, pattern).to_numpy(zero_copy_only=False)
        if dressed.any():
            found = pc.replace_substring_regex(cells, pattern, unit).to_numpy(zero_copy_only=False)
            units[dressed] = found[dressed].astype("<U4")
            cells = pc.replace_substring_regex(cells, pattern, kept)
    units[units == "％"] = "%"
    left = np.arange(len(cells))
    rest = cells
    for way, pattern in WAYS.items():
        if not len(left):
            break
        fits = pc.match_substring_regex(rest, pattern).to_numpy(zero_copy_only=False)
        if fits.any():
            ways[left[fits]] = way
            left, rest = left[~fits], rest.filter(~fits)
    return ways, units, cells


def values_of(cells: Any, decimal: str, unit: str) -> Any:
    """Cells as float64, null where one is no number in this way of writing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ways, units, bare = ways_of(cells)
    fits = np.isin(ways, FITS[decimal]) & (np.isin(units, unit_fits(unit)))
    bare = pc.if_else(pa.array(fits), bare, pa.scalar(None, bare.type))
    bare = pc.replace_substring_regex(bare, GAPS, "")
    bare = pc.replace_substring(bare, "," if decimal == "." else ".", "")
    return (pc.replace_substring(bare, ",", ".") if decimal == "," else bare).cast(pa.float64())


def unit_fits(unit: str) -> tuple[str, ...]:
    """Units that may stand in a column of numbers in `unit`: a currency is left away at times, % is not."""
    return (unit,) if unit in ("", "%") else (unit, "")


# ---- dates and times of day ----------------------------------------------------------------------------


_CLOCK = (
    r"(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:[.,](?P<f>\d{1,9}))?)?(?:\s*(?P<p>[AaPp])\.?[Mm]\.?)?"
)
DATE = (
    r"^(?P<a>\d{1,4})[-/.](?P<b>\d{1,2})[-/.](?P<c>\d{1,4})"
    rf"(?:[T ]+{_CLOCK})?\s*(?P<z>Z|UTC|GMT|[+-]\d{{2}}(?::?\d{{2}})?)?$"
)
TIME = rf"^{_CLOCK}$"
ORDERS = ("ymd", "dmy", "mdy")
DAY = 86_400_000_000  # microseconds


def iso_dates(cells: Any) -> Any:
    """Cells as timestamps where all are ISO dates without a zone, None elsewhere: quicker than by parts."""
    import pyarrow as pa

    try:
        return cells.cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        return None


class Dates:
    """Cells as their parts, where they look like dates: `fields` are NumPy arrays, −1 where there is none."""

    def __init__(self, cells: Any):
        import pyarrow as pa
        import pyarrow.compute as pc

        self.rows = len(cells)
        looks = pc.match_substring_regex(cells, r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
        self.at = np.flatnonzero(looks.fill_null(False).to_numpy(zero_copy_only=False))
        parts = pc.extract_regex(cells.take(pa.array(self.at)), pattern=DATE)
        known = parts.is_valid().to_numpy(zero_copy_only=False)
        self.at, parts = self.at[known], parts.filter(pa.array(known))
        self._fields(parts)
        self.a, self.b, self.c = (_whole(pc.struct_field(parts, name)) for name in "abc")
        self.long_a, self.long_c = (
            pc.utf8_length(pc.struct_field(parts, name)).to_numpy(zero_copy_only=False) for name in "ac"
        )
        self.offset = _zone(pc.struct_field(parts, "z"))

    def _fields(self, parts: Any) -> None:
        self.clock, self.clock_ok = _clock(parts)

    def micros(self, order: str) -> tuple[np.ndarray, np.ndarray]:
        """Microseconds since 1970 in UTC, and which of the cells `at` are dates in this order."""
        first = self.long_a == 4
        year, month, day = {
            "ymd": (self.a, self.b, self.c), "dmy": (self.c, self.b, self.a), "mdy": (self.c, self.a, self.b),
        }[order]  # fmt: skip
        year, month, day = (
            np.where(first, one, other)
            for one, other in zip((self.a, self.b, self.c), (year, month, day), strict=True)
        )
        written = np.where(first | (order == "ymd"), self.long_a, self.long_c)
        other = np.where(first | (order == "ymd"), self.long_c, self.long_a)
        fits = ((written == 4) | (written == 2)) & (other <= 2)
        year = np.where(written == 2, year + np.where(year < 69, 2000, 1900), year)
        fits &= (month >= 1) & (month <= 12) & (day >= 1) & self.clock_ok
        month = np.where(fits, month, 1)
        leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
        lengths = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
        fits &= day <= lengths[month - 1] + (leap & (month == 2))
        y, m = year - (month <= 2), (month + 9) % 12  # March first: Hinnant's days from civil
        era = np.floor_divide(y, 400)
        of_era = y - era * 400
        days = (
            era * 146_097
            + of_era * 365
            + of_era // 4
            - of_era // 100
            + (153 * m + 2) // 5
            + day
            - 1
            - 719_468
        )
        return days * DAY + self.clock - self.offset, fits


def times_of(cells: Any) -> tuple[np.ndarray, np.ndarray]:
    """Microseconds since midnight, and which cells are times of day."""
    import pyarrow.compute as pc

    parts = pc.extract_regex(cells, pattern=TIME)
    known = parts.is_valid().to_numpy(zero_copy_only=False)
    found, fits = np.zeros(len(cells), np.int64), np.zeros(len(cells), bool)
    found[known], fits[known] = _clock(parts.filter(known))
    return found, fits


def dates_of(cells: Any, order: str) -> Any:
    """Cells as timestamps in UTC, null where one is no date in this order."""
    import pyarrow as pa

    quick = iso_dates(cells)
    if quick is not None:
        return quick
    dates = Dates(cells)
    micros, fits = dates.micros(order)
    found, missing = np.zeros(len(cells), np.int64), np.ones(len(cells), bool)
    found[dates.at[fits]], missing[dates.at[fits]] = micros[fits], False
    return pa.array(found, mask=missing).cast(pa.timestamp("us"))


def _clock(parts: Any) -> tuple[np.ndarray, np.ndarray]:
    import pyarrow.compute as pc

    field = lambda name: pc.struct_field(parts, name)
    hour, minute, second = (np.maximum(_whole(field(name)), 0) for name in "hms")
    half = pc.utf8_lower(field("p")).to_numpy(zero_copy_only=False)
    afternoon, twelve = half == "p", (half == "a") | (half == "p")
    hour_ok = np.where(twelve, (hour >= 1) & (hour <= 12), hour <= 23)
    hour = np.where(twelve, hour % 12 + 12 * afternoon, hour)
    part = pc.utf8_slice_codeunits(pc.utf8_rpad(field("f"), 6, "0"), 0, 6)
    micros = ((hour * 60 + minute) * 60 + second) * 1_000_000 + np.maximum(_whole(part), 0)
    return micros, hour_ok & (minute <= 59) & (second <= 59)


def _zone(written: Any) -> np.ndarray:
    """Microseconds that a zone such as +08:00 is before UTC."""
    import pyarrow.compute as pc

    bare = pc.replace_substring(written, ":", "")
    shifted = pc.match_substring_regex(bare, r"^[+-]").fill_null(False).to_numpy(zero_copy_only=False)
    if not shifted.any():
        return np.zeros(len(shifted), np.int64)
    sign = np.where(pc.starts_with(bare, "-").fill_null(False).to_numpy(zero_copy_only=False), -1, 1)
    hours = _whole(pc.utf8_slice_codeunits(pc.if_else(shifted, bare, None), 1, 3))
    minutes = _whole(pc.utf8_slice_codeunits(pc.if_else(shifted, bare, None), 3, 5))
    return np.where(shifted, sign * (hours * 60 + np.maximum(minutes, 0)) * 60_000_000, 0)


def _whole(written: Any) -> np.ndarray:
    """Digits as int64, −1 where there are none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    empty = pc.equal(written, "")
    return (
        pc.if_else(pc.fill_null(empty, True), "-1", written).cast(pa.int64()).to_numpy(zero_copy_only=False)
    )
