"""Text cells that are dates or times of day: the order of day, month and year, and their values."""

from __future__ import annotations

from typing import Any

import numpy as np

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
