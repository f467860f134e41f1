"""Text cells that are numbers: in which way each is written, and their values once a column's way is known.

`1.5`, `1e5` and `7` are plain. Elsewhere a comma is the decimal mark (`1,5`), thousands are set apart
(`1,050`, `1.050`, `1 050`), or a unit stands beside the number (`12%`, `$5`). `1.060` and `1,060` can be
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
    without a leading zero; None elsewhere. A look at bytes: numbers are not matched cell by cell."""
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
