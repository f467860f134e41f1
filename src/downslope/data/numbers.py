"""Text cells that are numbers: in which way each is written, and their values once a column's way is known.

`1.5`, `1e5` and `7` are plain. Elsewhere a comma is the decimal mark (`1,5`), thousands are set apart
(`1,050`, `1.050`, `1 050`), a unit is written next to the number (`12%`, `$5`, `51.3 kg`), or a negative
number has its sign elsewhere (`(51.3)`, `51.3-`). `1.060` and `1,060` can be read in two ways: the rest of
the column, then of the file, decides. Dates with words, quarters, weeks or months become ISO dates first.
"""

from __future__ import annotations

import re
from datetime import date
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

_SIGNS = (
    r"(?:US|CA|AU|HK|NT|NZ|A|C|R|S)?\$|[€£¥￥₹₩₽₺₴₫฿₪₱₦]|kr\.?|zł|Kč|Ft|руб\.?|Rs\.?|円|원|"
    "USD|EUR|GBP|CHF|CNY|RMB|JPY|SEK|NOK|DKK|PLN|CZK|HUF|TRY|RUB|INR|KRW|AUD|CAD|NZD|HKD|SGD|TWD|BRL|MXN|ZAR"
)
MONEY = rf"^(?:{_SIGNS}|元)$"
UNITS = rf"\s*({_SIGNS}|%|％|元)\s*"
# Units that may follow a number. With any word, house numbers (`12a`) and addresses would have units.
_WORDS = (
    "kg|lb|yd|mile|acre|pc|person|gram|meter|metre|liter|litre|inch|sec|second|min|minute|hr|hour|day|wk|week|mo|"
    "month|yr|year|time|point|piece|unit|room|cyl|page|dollar|euro"
)
_UNITS = (
    "(?:da|[kKMGTmµμunpcdh])?(?:g|m|s|W|Wh|J|N|Pa|V|A|Ah|VA|Hz|B|b|bps|Bps|l|L|bar|eV|mol|M|cal|Ω|t|F|H|K|T|lm|"
    f"lx|Bq|Sv|Gy|rad)|(?i:(?:{_WORDS})s?|inches|oz|in|ft|foot|feet|mi|gal|ha|mph|kph|kmh|rpm|bpm|dpi|ppm|ppb|dB|"
    "hp|ps|px|pt|h|d|k|y|yo|cc|people|pct|percent|mn|bn|million|billion|pp|deg)|°|°? ?[CF]|[℃℉‰㎡]|公斤|千克|"
    "克|斤|吨|米|厘米|毫米|公里|千米|平方米|平米|升|毫升|岁|年|个?月|天|日|小时|时|分钟?|秒|人|个|次|[千万亿]元?|"
    "块|度|件|套|台|辆|层|室|(?:[kdcm]?m|ft|in|yd|mi)[23]|(?i:sq\\.? ?(?:ft|m|km|mi))"
)
UNIT = rf"(?:{_UNITS})(?:\^[23]|[²³])?(?: ?(?:/|per ) ?(?:{_UNITS})(?:\^[23]|[²³])?)?"
PLURAL = rf"(?i)^({_WORDS})s$"
BEFORE = rf"^([+-]?)\s*({_SIGNS})\s*([+-]?[\d.,].*)$"
BEHIND = rf"^([+-]?[\d.,].*?)\s*(%|％|元|{_SIGNS}|{UNIT})$"
# A negative number whose sign is a word processor's minus, parentheses, or behind it → a sign in front.
NEGATIVE = (
    ("-", rf"^((?:{_SIGNS})?\s*)[−–]\s*([\d.,])", r"\1-\2"),
    ("(", rf"^((?:{_SIGNS})?\s*)\(\s*([^()+-]*\d[^()+-]*)\)(\s*(?:%|％|{_SIGNS}|{UNIT})?)$", r"\1-\2\3"),
    ("-", rf"^((?:{_SIGNS})?\s*\d[\d.,]*)\s*-$", r"-\1"),
)

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


def as_numpy(column: Any, kind: Any = float) -> np.ndarray:
    """A column of float64, or of a type as wide as `kind`, as NumPy; NaN where a number is missing. pyarrow's
    `to_numpy` imports pandas, a fifth of the time of a first fit."""
    parts = [np.zeros(0, kind)]
    for chunk in column.chunks if hasattr(column, "chunks") else [column]:
        known, data = chunk.buffers()
        some = slice(chunk.offset, chunk.offset + len(chunk))
        values = _bits(data, some) if kind is bool else np.frombuffer(data, kind)[some]
        parts.append(np.where(_bits(known, some), values, np.nan) if chunk.null_count else values)
    return np.concatenate(parts)


def _bits(buffer: Any, some: slice) -> np.ndarray:
    return np.unpackbits(np.frombuffer(buffer, np.uint8), bitorder="little")[some].astype(bool)


def ways_of(cells: Any) -> tuple[np.ndarray, np.ndarray, Any]:
    """The way in which each cell is written ("" for no number; behind "-" or "(" if its sign is no minus in
    front), its unit, and the cell without the unit."""
    import pyarrow.compute as pc

    ways, units = np.zeros(len(cells), dtype="<U10"), np.zeros(len(cells), dtype="<U24")
    signs = np.zeros(len(cells), dtype="<U1")
    for sign, pattern, signed in NEGATIVE:
        fits = as_numpy(pc.match_substring_regex(cells, pattern), bool)
        if fits.any():
            signs[fits] = sign
            cells = pc.replace_substring_regex(cells, pattern, signed)
    for pattern, kept, unit in ((BEFORE, r"\1\3", r"\2"), (BEHIND, r"\1", r"\2")):
        dressed = as_numpy(pc.match_substring_regex(cells, pattern), bool)
        if dressed.any():
            found = pc.replace_substring_regex(cells, pattern, unit)
            found = pc.replace_substring_regex(found, PLURAL, r"\1").to_numpy(zero_copy_only=False)
            units[dressed] = found[dressed].astype("<U24")
            cells = pc.replace_substring_regex(cells, pattern, kept)
    units[units == "％"] = "%"
    left = np.arange(len(cells))
    rest = cells
    for way, pattern in WAYS.items():
        if not len(left):
            break
        fits = as_numpy(pc.match_substring_regex(rest, pattern), bool)
        if fits.any():
            ways[left[fits]] = way
            left, rest = left[~fits], rest.filter(~fits)
    return np.char.add(np.where(ways == "", "", signs), ways), units, cells


def bare_way(way: str) -> str:
    """The way of writing a number without its sign."""
    return way.lstrip("-(")


def values_of(cells: Any, decimal: str, unit: str) -> Any:
    """Cells as float64, null where one is no number in this way of writing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ways, units, bare = ways_of(cells)
    fits = np.isin(np.char.lstrip(ways, "-("), FITS[decimal]) & np.isin(units, unit_fits(unit))
    bare = pc.if_else(pa.array(fits), bare, pa.scalar(None, bare.type))
    bare = pc.replace_substring_regex(bare, GAPS, "")
    bare = pc.replace_substring(bare, "," if decimal == "." else ".", "")
    return (pc.replace_substring(bare, ",", ".") if decimal == "," else bare).cast(pa.float64())


def unit_fits(unit: str) -> tuple[str, ...]:
    """Units that may stand in a column of numbers in `unit`: only a currency is left away at times."""
    return (unit, "") if re.match(MONEY, unit) else (unit,)


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


# English, German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Polish, Czech, Turkish, Russian.
MONTH_NAMES = (
    "january januar januari janvier enero gennaio janeiro jänner stycznia styczeń ledna leden ocak января",
    "february februar februari février fevrier febrero febbraio fevereiro lutego února únor şubat февраля",
    "march märz maerz mars marzo março marco maart mrt marts marca marzec března březen марта",
    "april avril abril aprile kwietnia kwiecień dubna duben nisan апреля апрель",
    "may mai mayo maggio maio mei maj maja května květen mayıs мая май",
    "june juni juin junio giugno junho czerwca czerwiec června červen haziran июня июнь",
    "july juli juillet julio luglio julho lipca lipiec července červenec temmuz июля июль",
    "august août aout agosto augustus augusti sierpnia sierpień srpna srpen ağustos августа",
    "september septembre septiembre setiembre settembre setembro września wrzesień září eylül сентября",
    "october oktober octobre octubre ottobre outubro października październik října říjen ekim октября",
    "november novembre noviembre novembro listopada listopad kasım ноября ноябрь",
    "december dezember décembre decembre diciembre dicembre dezembro grudnia grudzień aralık декабря",
)


def month_numbers() -> dict[str, int]:
    """The month of each name and of each way to cut one short ("Sept", "janv"); 0 where two months fit."""
    found: dict[str, int] = {}
    for month, names in enumerate(MONTH_NAMES, 1):
        for cut in {name[:size] for name in names.split() for size in range(3, len(name) + 1)}:
            found[cut] = month if found.get(cut, month) == month else 0
    return found | {name: month for month, names in enumerate(MONTH_NAMES, 1) for name in names.split()}


MONTHS = month_numbers()
_STEMS = "|".join(sorted({name[:3] for names in MONTH_NAMES for name in names.split()}))
_MONTH = r"(?P<month>[^\W\d_]{3,})\.?"
_WEEKDAY = (
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim|mié|jue|vie|sáb|dom|"
    r"gio|seg|ter|qua|qui|sex|maa|din|woe|vri|zat|zon|пн|вт|ср|чт|пт|сб|вс|пон|вто|сре|чет|пят|суб|вос)"
    r"[^\W\d_]*\.?,?\s+)?"
)
_CLOCK_BEHIND = r"(?:(?:,|\s+at)?[T\s]+(?P<clock>\d{1,2}:\d\d.*))?"
# Dates that are not three numbers. Without a day, it is the first of the month, quarter or week.
SPELLED = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|[.º°])?(?:\s+(?:of|de)\b)?[\s/-]*{_MONTH},?(?:\s+de\s+|[\s/-]*)(?P<year>\d{{4}}|\d\d){_CLOCK_BEHIND}",
        rf"{_WEEKDAY}{_MONTH}[\s/-]*(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?[\s/-]+(?P<year>\d{{4}}){_CLOCK_BEHIND}",
        rf"(?P<year>\d{{4}})[\s/-]+{_MONTH}(?:[\s/-]+(?P<day>\d{{1,2}}))?{_CLOCK_BEHIND}",
        rf"{_MONTH},?(?:\s+de\s+|[\s/-]*)(?P<year>\d{{4}})",
        r"(?P<year>\d{4})\s*[年년]\s*(?P<number>\d{1,2})\s*[月월](?:\s*(?P<day>\d{1,2})\s*[日号일]?)?"
        r"(?:\s*(?P<clock>\d{1,2}:\d\d.*))?",
        r"(?P<year>1[5-9]\d\d|2[01]\d\d)[/-](?P<number>\d{1,2})",
        r"(?P<number>\d{1,2})[/-](?P<year>1[5-9]\d\d|2[01]\d\d)",
        r"(?P<year>\d{4})[\s/-]?Q(?P<quarter>[1-4])",
        r"(?:Q(?P<quarter>[1-4])|(?P<quarter_>[1-4])Q)[\s/-]*(?P<year>\d{4})",
        r"(?P<year>\d{4})[\s-]?W(?P<week>\d{1,2})(?:-?(?P<day>[1-7]))?",
        r"(?P<year>\d{4})\s*[./]\s+(?P<number>\d{1,2})\s*[./]\s+(?P<day>\d{1,2})\.?",
    )
)
# What is worth a look by these: Arrow finds it many times as fast.
_LOOKS_SPELLED = (
    rf"(?i)^[\pL\d.,\s/-]*\d(st|nd|rd|th|er|º|°)?( of| de)?[\s./-]*({_STEMS})|"
    rf"^[\pL.,\s]*({_STEMS})[\pL\s/.,-]*\d|"
    rf"^\d{{4}}\s*[年년]|^\d{{4}}[/-]\d{{1,2}}$|^\d{{1,2}}[/-]\d{{4}}$|"
    r"^\d{4}[\s/-]?[QW]\d|^(Q[1-4]|[1-4]Q)|^\d{4}\s*[./]\s+\d"
)


def iso_date(cell: str) -> tuple[str, bool]:
    """A date with words, a quarter, a week or a month as an ISO date, and whether its day is given."""
    found = next(filter(None, (pattern.fullmatch(cell) for pattern in SPELLED)), None)
    parts = {} if found is None else found.groupdict()
    name = (parts.get("month") or "").lower()
    if found is None or (name and not MONTHS.get(name)):
        return cell, True
    year, day, month = int(parts["year"]), int(parts.get("day") or 1), int(parts.get("number") or 1)
    if len(parts["year"]) == 2:
        year += 2000 if year < 69 else 1900
    month = MONTHS.get(name, month)
    quarter = parts.get("quarter") or parts.get("quarter_")
    if quarter:
        month = 3 * int(quarter) - 2
    if parts.get("week"):
        try:
            year, month, day = date.fromisocalendar(year, int(parts["week"]), day).timetuple()[:3]
        except ValueError:
            return cell, True
    return f"{year:04d}-{month:02d}-{day:02d} {parts.get('clock') or ''}".strip(), bool(parts.get("day"))


def spelled_dates(cells: Any) -> tuple[Any, np.ndarray, np.ndarray]:
    """Cells with each spelled date as an ISO date, the places of these, and of those without a day."""
    import pyarrow as pa
    import pyarrow.compute as pc

    looks = pc.match_substring_regex(cells, _LOOKS_SPELLED).fill_null(False)
    places = np.flatnonzero(looks.to_numpy(zero_copy_only=False))
    if not len(places):
        return cells, places, places
    written = cells.take(pa.array(places)).to_pylist()
    found = [iso_date(cell) for cell in written]
    isos, days = [iso for iso, _ in found], np.array([day for _, day in found])
    spelled = np.array([iso != cell for iso, cell in zip(isos, written, strict=True)])
    cells = pc.replace_with_mask(cells, looks, pa.array(isos, cells.type))
    return cells, places[spelled], places[~days]


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
        self.a, self.b, self.c = (integers(pc.struct_field(parts, name)) for name in "abc")
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
        months = (12 * (year - 1970) + np.where(fits, month, 1) - 1).astype("datetime64[M]")
        begins, ends = (one.astype("datetime64[D]").astype(np.int64) for one in (months, months + 1))
        fits &= day <= ends - begins
        return (begins + day - 1) * DAY + self.clock - self.offset, fits


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
    dates = Dates(spelled_dates(cells)[0])
    micros, fits = dates.micros(order)
    found, missing = np.zeros(len(cells), np.int64), np.ones(len(cells), bool)
    found[dates.at[fits]], missing[dates.at[fits]] = micros[fits], False
    return pa.array(found, mask=missing).cast(pa.timestamp("us"))


def _clock(parts: Any) -> tuple[np.ndarray, np.ndarray]:
    import pyarrow.compute as pc

    field = lambda name: pc.struct_field(parts, name)
    hour, minute, second = (np.maximum(integers(field(name)), 0) for name in "hms")
    half = pc.utf8_lower(field("p")).to_numpy(zero_copy_only=False)
    afternoon, twelve = half == "p", (half == "a") | (half == "p")
    hour_ok = np.where(twelve, (hour >= 1) & (hour <= 12), hour <= 23)
    hour = np.where(twelve, hour % 12 + 12 * afternoon, hour)
    part = pc.utf8_slice_codeunits(pc.utf8_rpad(field("f"), 6, "0"), 0, 6)
    micros = ((hour * 60 + minute) * 60 + second) * 1_000_000 + np.maximum(integers(part), 0)
    return micros, hour_ok & (minute <= 59) & (second <= 59)


def _zone(written: Any) -> np.ndarray:
    """Microseconds that a zone such as +08:00 is before UTC."""
    import pyarrow.compute as pc

    bare = pc.replace_substring(written, ":", "")
    shifted = pc.match_substring_regex(bare, r"^[+-]").fill_null(False).to_numpy(zero_copy_only=False)
    if not shifted.any():
        return np.zeros(len(shifted), np.int64)
    sign = np.where(pc.starts_with(bare, "-").fill_null(False).to_numpy(zero_copy_only=False), -1, 1)
    hours = integers(pc.utf8_slice_codeunits(pc.if_else(shifted, bare, None), 1, 3))
    minutes = integers(pc.utf8_slice_codeunits(pc.if_else(shifted, bare, None), 3, 5))
    return np.where(shifted, sign * (hours * 60 + np.maximum(minutes, 0)) * 60_000_000, 0)


def integers(written: Any) -> np.ndarray:
    """Digits as int64, −1 where there are none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    empty = pc.equal(written, "")
    return (
        pc.if_else(pc.fill_null(empty, True), "-1", written).cast(pa.int64()).to_numpy(zero_copy_only=False)
    )
