"""From a text file to rows of numbers, the run's encoding spelled out: the same for all libraries.

The lines are those that the training file asks for: its encoding, its decimal mark, the way in which its
dates are written. A plain CSV file needs few.
"""

from __future__ import annotations

import glob
import inspect
import re
from pathlib import Path
from pprint import pformat

import numpy as np
from scipy import sparse

from ...data import Dataset, numbers
from ...data.cells import FALSE, TRUE, TextFormat
from ...data.encoding import Column
from ...data.layout import BLANK, MISSING, Layout
from ...messages import text
from ..solution import Solution

PLAIN = Layout(",", ())
UNPACKING = {".gz": "gzip", ".bz2": "bz2", ".xz": "lzma"}
NO_TEXT = (".parquet", ".pq", ".json", ".jsonl", ".ndjson", ".zip", ".zst", ".xlsx", ".feather", ".arrow")


def columns_of(solution: Solution) -> tuple[Column, ...]:
    if solution.encoding is not None:
        return solution.encoding.columns
    return tuple(Column(name, "numeric", (float("nan"),)) for name in solution.features)


def is_readable(solution: Solution) -> bool:
    """Whether a script can read the rows that the run was trained on: one text file, packed or not."""
    source = solution.source
    path = Path(source)
    if not path.suffix or (glob.has_magic(source) and not _is_file(path)):
        return False
    bare = path.with_suffix("") if path.suffix.lower() in UNPACKING else path
    if solution.encoding is None or solution.encoding.layout is None:
        return bare.suffix.lower() in (".csv", ".tsv", ".txt")
    return bare.suffix.lower() not in NO_TEXT and "::" not in source


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def layout_of(solution: Solution) -> Layout:
    found = None if solution.encoding is None else solution.encoding.layout
    return found or PLAIN


def format_of(solution: Solution, name: str) -> TextFormat | None:
    """How the cells of a column were written; None for one that never was text."""
    return None if solution.encoding is None else solution.encoding.formats.get(name)


def imports(solution: Solution) -> list[str]:
    """Of the standard library."""
    kinds = {column.kind for column in columns_of(solution)}
    lines = ["csv", "math", "re", "sys", *([] if _is_plain(solution) else ["io"])]
    packed = UNPACKING.get(Path(solution.source).suffix.lower())
    if is_readable(solution) and packed:
        lines.append(packed)
    words = "date, " if _has_spelled_dates(solution) else ""
    dates = [f"from datetime import {words}datetime, timedelta"] if "date" in kinds else []
    return [*(f"import {name}" for name in sorted(lines)), *dates]


def constants(solution: Solution) -> list[str]:
    """What the functions below need to know of the training file."""
    layout = layout_of(solution)
    lines = [f"DATA = {solution.source if is_readable(solution) else None!r}"]
    if not layout.encoding.startswith("utf-8"):
        lines.append(f"ENCODING = {layout.encoding!r}")
    if layout.ending:
        lines.append(f"ENDING = {list(layout.ending)!r}  # {text('export.script_ending')}")
    lines.append(f"MISSING = {list(MISSING)!r}")
    if _has_truth(solution):
        truth = {word: float(yes) for yes, words in ((True, TRUE), (False, FALSE)) for word in words}
        lines.append(f"TRUTH = {pformat(truth, width=100, compact=True, sort_dicts=False)}")
    needed = [column.name for column in columns_of(solution)]
    if not _is_plain(solution):
        lines.append(f"COLUMNS = {listed(needed if layout.header else layout.names)}")
    return lines + patterns(solution)


def written_out(rows: Dataset) -> list[str]:
    """X (n, d), Y (n, outputs) and the rows' weights, as lists."""
    assert rows.y is not None
    y = np.asarray(rows.y, dtype=float)
    if rows.classes:
        y = np.eye(len(rows.classes))[y.astype(int)]
        y = y if len(rows.classes) > 2 else y[:, 1:]
    X = rows.X.toarray() if sparse.issparse(rows.X) else np.asarray(rows.X)
    lines = [f"X = {listed(X.tolist())}", f"Y = {listed(y.reshape(len(X), -1).tolist())}"]
    return lines + ([] if rows.weights is None else [f"SHARE = {listed(rows.weights.tolist())}"])


def listed(values) -> str:
    """A list as it is written, over several lines if it is long."""
    return pformat(list(values), width=100, compact=True)


def reading(solution: Solution) -> list[str]:
    """The functions from a file to rows of numbers."""
    columns = columns_of(solution)
    kinds = {column.kind for column in columns}
    layout = layout_of(solution)
    if _is_plain(solution):
        parts = [PLAIN_READ.format(docstring=text("export.script_read"))]
    else:
        parts = ["\n".join(_read(solution)), *(["\n".join(_named(layout))] if layout.header else [])]
    parts.append(_number(solution))
    if _has_truth(solution):
        docs = text("export.script_truth")
        parts.append(
            f'def truth(cell, mean=math.nan):\n    """{docs}"""\n    return TRUTH.get(cell.lower(), mean)'
        )
    if _has_spelled_dates(solution):
        parts.append(inspect.getsource(numbers.iso_date).rstrip())
    if "date" in kinds:
        parts.append(_days(solution))
    if "time" in kinds:
        parts.append(MINUTES.format(docstring=text("export.script_minutes")))
    if "text" in kinds:
        parts.append(f'''def indicators(cell, baseline, categories, mean):
    """{text("export.script_indicators")}"""
    known = cell == baseline or cell in categories
    return [float(cell == category) for category in categories] if known else mean''')
    cells = "\n".join(f"            {_cell(solution, column)}," for column in columns)
    parts.append(f'''def encode(rows):
    """{text("export.script_encode")}"""
    return [
        [
{cells}
        ]
        for row in rows
    ]''')
    return parts


def _is_plain(solution: Solution) -> bool:
    """Whether the file begins with the names, in UTF-8, and has no more than rows behind them."""
    layout = layout_of(solution)
    marks = {*",;\t|\n"}
    named = not any(
        set(name) & marks or name in ("row_name", f"column{j}") or name.rpartition("_")[0] in layout.names
        for j, name in enumerate(layout.names)
    )
    packed = is_readable(solution) and Path(solution.source).suffix.lower() in UNPACKING
    first = layout.header and layout.skip == 1 and not layout.ending and not layout.blanks
    return first and named and layout.encoding.startswith("utf-8") and not packed


PLAIN_READ = '''def read(path):
    """{docstring}"""
    with open(path, newline="", encoding="utf-8-sig", errors="replace") as file:
        first = file.readline()
        file.seek(0)
        delimiter = max(",;\\t|", key=first.count)
        rows = csv.DictReader(file, delimiter=delimiter)
        return [{{name.strip(): cell.strip() for name, cell in row.items()}} for row in rows]'''


def _read(solution: Solution) -> list[str]:
    """def read(path)."""
    layout = layout_of(solution)
    packed = UNPACKING.get(Path(solution.source).suffix.lower()) if is_readable(solution) else None
    lines = ["def read(path):", f'    """{text("export.script_read")}"""']
    raw = 'open(path, "rb")'
    if packed:
        ending = Path(solution.source).suffix
        raw = f'({packed}.open if path.endswith("{ending}") else open)(path, "rb")'
    lines.append(f"    with {raw} as file:")
    lines.append("        raw = file.read()")
    if layout.encoding.startswith("utf-8"):
        lines.append('    text = raw.decode("utf-8-sig", errors="replace")')
    elif layout.encoding.startswith(("utf-16", "utf-32")):
        lines.append("    text = raw.decode(ENCODING)")
    else:
        lines += [
            "    try:",
            '        text = raw.decode("utf-8-sig")',
            "    except UnicodeDecodeError:",
            '        text = raw.decode(ENCODING, errors="replace")',
        ]
    lines.append("    lines = io.StringIO(text, newline=None).readlines()")
    if layout.ending:
        lines.append("    lines = [line for line in lines if line.strip() not in ENDING]")
    if layout.header:
        lines += _with_header(layout)
    else:
        delimiter = layout.delimiter
        skipped = f"lines[{layout.skip}:]" if layout.skip else "lines"
        if delimiter == BLANK:
            skipped = f"(line.strip() for line in {skipped})"
        lines += [
            f"    rows = csv.reader({skipped}, delimiter={delimiter!r}, skipinitialspace=True)",
            "    return [dict(zip(COLUMNS, map(str.strip, row))) for row in rows if any(row)]",
        ]
    return lines


def _with_header(layout: Layout) -> list[str]:
    """The first line that holds all names is the header: what stands before it is none of the rows."""
    given = "lines[start:]"
    if layout.delimiter == BLANK:
        given = "(line.strip() for line in lines[start:])"
    names = "named(next(rows))"
    if layout.names[:1] == ("row_name",):
        names = f'["row_name", *{names}]'
    tried = "".join(dict.fromkeys((layout.delimiter, *",;\t|")))
    return [
        "    for start in range(len(lines)):",
        f"        for delimiter in {tried!r}:",
        f"            rows = csv.reader({given}, delimiter=delimiter, skipinitialspace=True)",
        f"            names = {names}",
        "            if set(COLUMNS) <= set(names):",
        "                return [dict(zip(names, map(str.strip, row))) for row in rows if any(row)]",
        f'    sys.exit(f"{{path}}: {text("export.script_no_columns")} {{COLUMNS}}")',
    ]


def _named(layout: Layout) -> list[str]:
    """def named(cells)."""
    lines = [
        "def named(cells):",
        f'    """{text("export.script_named")}"""',
        '    names = [cell.strip().lstrip("# ") or f"column{j}" for j, cell in enumerate(cells)]',
    ]
    if any(name.rpartition("_")[0] in layout.names for name in layout.names):
        lines += [
            "    for j, name in enumerate(names):",
            "        number = 2",
            "        while names[j] in names[:j]:",
            '            names[j], number = f"{name}_{number}", number + 1',
        ]
    return [*lines, "    return names"]


# ---- cells -----------------------------------------------------------------------------------------


DATE = (
    r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})"
    r"(?:[T ]+(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:\s*([AaPp])\.?[Mm]\.?)?)?"
    r"\s*(?:Z|UTC|GMT|([+-]\d\d)(?::?(\d\d))?)?"
)
TIME = r"(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:\s*([AaPp])\.?[Mm]\.?)?"
DAYS = '''def days(cell, mean{order}):
    """{docstring}"""
    found = DATE.fullmatch({cell})
    if not found:
        return mean
    a, b, c, hour, minute, second, part, half, zone, more = found.groups()
    {parts}
    year = int(year) + (0 if len(year) == 4 else 2000 if int(year) < 69 else 1900)
    hour = int(hour or 0) % 12 + 12 * (half in "Pp") if half else int(hour or 0)
    micros = int((part or "").ljust(6, "0")[:6])
    try:
        moment = datetime(year, int(month), int(day), hour, int(minute or 0), int(second or 0), micros)
    except ValueError:
        return mean
    shift = int(zone or 0) * 60 + int((zone or "+")[0] + (more or "0"))
    return (moment - datetime(1970, 1, 1)) // timedelta(microseconds=1) / 86_400e6 - shift / 1440'''
MINUTES = '''def minutes(cell, mean):
    """{docstring}"""
    found = TIME.fullmatch(cell)
    if not found:
        return mean
    hour, minute, second, part, half = found.groups()
    hour = int(hour) % 12 + 12 * (half in "Pp") if half else int(hour)
    seconds = (hour * 60 + int(minute)) * 60 + int(second or 0)
    return (seconds * 10**6 + int((part or "").ljust(6, "0")[:6])) / 60e6'''
PARTS = {
    "ymd": "year, month, day = a, b, c",
    "dmy": "year, month, day = (a, b, c) if len(a) == 4 else (c, b, a)",
    "mdy": "year, month, day = (a, b, c) if len(a) == 4 else (c, a, b)",
}


def _order(form: TextFormat | None) -> str:
    return "ymd" if form is None else form.order


def _orders(solution: Solution) -> list[str]:
    """The orders of day, month and year that columns have."""
    dates = [column.name for column in columns_of(solution) if column.kind == "date"]
    return [*dict.fromkeys(_order(format_of(solution, name)) for name in dates)]


def _has_spelled_dates(solution: Solution) -> bool:
    forms = [format_of(solution, column.name) for column in columns_of(solution) if column.kind == "date"]
    return any(form is not None and form.spelled for form in forms)


def _days(solution: Solution) -> str:
    """def days(cell): dates in the order of day, month and year that the training file has."""
    orders = _orders(solution)
    docs = text("export.script_days")
    cell = "iso_date(cell)[0]" if _has_spelled_dates(solution) else "cell"
    if len(orders) == 1:
        return DAYS.format(docstring=docs, order="", parts=PARTS[orders[0]], cell=cell)
    swap = '(c, *((a, b) if order == "mdy" else (b, a)))'
    parts = f'year, month, day = (a, b, c) if len(a) == 4 or order == "ymd" else {swap}'
    return DAYS.format(docstring=docs, order=", order", parts=parts, cell=cell)


def _has_truth(solution: Solution) -> bool:
    """Whether a column, or a target of which nobody knows how its cells were written, may hold yes or no."""
    targets = [] if solution.classes and isinstance(solution.classes[0], str) else solution.targets
    boolean = any(column.kind == "boolean" for column in columns_of(solution))
    return boolean or any(format_of(solution, name) in (None, TextFormat("boolean")) for name in targets)


def _forms(solution: Solution) -> list[TextFormat]:
    """The ways in which columns of numbers are written."""
    names = [column.name for column in columns_of(solution) if column.kind == "numeric"]
    names += [name for name in solution.targets if not solution.classes]
    forms = [format_of(solution, name) for name in names]
    return [form for form in forms if form is not None and form.kind == "numeric"]


def _number(solution: Solution) -> str:
    """def number(cell), with as much as the training file asks for."""
    forms = _forms(solution)
    marks = any(form.decimal == "," for form in forms)
    given = "cell, mean=math.nan" + (', decimal="."' if marks else "")
    lines = [
        f"def number({given}):",
        f'    """{text("export.script_number")}"""',
    ]
    if any(form.spelled for form in forms):
        lines += ["    for pattern, signed in NEGATIVE:", "        cell = pattern.sub(signed, cell)"]
    if any(form.unit for form in forms):
        lines.append('    cell = UNIT.sub("", cell)')
    which = "[decimal]" if marks else ""
    number = f'GAPS{which}.sub("", cell)' + ('.replace(decimal, ".")' if marks else "")
    return "\n".join(
        [
            *lines,
            f"    if cell in MISSING or not NUMBER{which}.fullmatch(cell):",
            "        return mean",
            f"    return float({number})",
        ]
    )


def patterns(solution: Solution) -> list[str]:
    """The regular expressions that the functions use."""
    forms, kinds = _forms(solution), {column.kind for column in columns_of(solution)}
    gaps = {mark: numbers.GAPS[:-1] + mark + "]" for mark in ",."}
    point = _either(numbers.POINT, numbers.COMMAS, numbers.SPACES, numbers.SPACES_POINT)
    comma = _either(numbers.WHOLE, numbers.COMMA, numbers.DOTS, numbers.SPACES, numbers.SPACES_COMMA)
    if any(form.decimal == "," for form in forms):
        ways = {".": (point, gaps[","]), ",": (comma, gaps["."])}
        lines = ["NUMBER, GAPS = {}, {}"]
        for mark, (number, gap) in ways.items():
            lines.append(f'NUMBER["{mark}"] = re.compile({_raw(number)}, re.I)')
            lines.append(f'GAPS["{mark}"] = re.compile({_raw(gap)})')
    else:
        lines = [f"NUMBER = re.compile({_raw(point)}, re.I)", f"GAPS = re.compile({_raw(gaps[','])})"]
    if any(form.unit for form in forms):
        words = [f"{re.escape(form.unit)}s?" for form in forms if not re.fullmatch(numbers.UNITS, form.unit)]
        behind = rf"|(?<=[\d.,])\s*(?:{'|'.join(dict.fromkeys(words))})$" if any(words) else ""
        lines.append(f"UNIT = re.compile({_raw(numbers.UNITS + behind)}{', re.I' if behind else ''})")
    if any(form.spelled for form in forms):
        rules = ", ".join(f"(re.compile({_raw(old)}), {_raw(new)})" for _, old, new in numbers.NEGATIVE)
        lines.append(f"NEGATIVE = [{rules}]")
    if "date" in kinds:
        lines.append(f"DATE = re.compile({_raw(DATE)})")
    if _has_spelled_dates(solution):
        lines.append("SPELLED = [")
        lines += [f"    re.compile({_raw(one.pattern)}, re.I)," for one in numbers.SPELLED]
        lines.append("]")
    if "time" in kinds:
        lines.append(f"TIME = re.compile({_raw(TIME)})")
    return lines


def _either(*ways: str) -> str:
    return "|".join(way.removeprefix("(?i)").removeprefix("^").removesuffix("$") for way in ways)


def _raw(pattern: str) -> str:
    return f'r"{pattern}"'


def _cell(solution: Solution, column: Column) -> str:
    """How a cell becomes the numbers of its row."""
    cell, mean, form = f"row[{column.name!r}]", column.mean[0], format_of(solution, column.name)
    if column.kind == "text":
        categories = f"{list(column.categories)!r}, {list(column.mean)!r}"
        return f"*indicators({cell}, {column.baseline!r}, {categories})"
    if column.kind == "date":
        order = f", {_order(form)!r}" if len(_orders(solution)) > 1 else ""
        return f"days({cell}, {mean!r}{order})"
    if column.kind == "time":
        return f"minutes({cell}, {mean!r})"
    return _as_number(cell, mean, TextFormat("boolean") if column.kind == "boolean" else form)


def _as_number(cell: str, mean: float, form: TextFormat | None) -> str:
    more = [repr(mean)] if np.isfinite(mean) else []
    if form is not None and form.kind == "boolean":
        return f"truth({', '.join([cell, *more])})"
    more += ['decimal=","'] if form is not None and form.kind == "numeric" and form.decimal == "," else []
    return f"number({', '.join([cell, *more])})"


def _target(solution: Solution, name: str) -> str:
    cell, form = f"row[{name!r}]", format_of(solution, name)
    number = _as_number(cell, np.nan, form)
    return number if form is not None else f"number({cell}, truth({cell}))"


def labelled(solution: Solution) -> str:
    """The rows whose target is known, and y of them."""
    classes, weights = solution.classes, None if solution.encoding is None else solution.encoding.weights
    numbers_ = [_target(solution, name) for name in solution.targets]
    y = f"[{', '.join(numbers_)}]"
    if classes:
        cell = "row[TARGETS[0]]" if isinstance(classes[0], str) else numbers_[0]
        names = "CLASSES" if len(classes) > 2 else "CLASSES[1:]"
        y = f"[float({cell} == name) for name in {names}]"
    lines = [
        "def labelled(rows):",
        f'    """{text("export.script_labelled")}"""',
        "    rows = [row for row in rows if all(row[name] not in MISSING for name in TARGETS)]",
    ]
    weight = "" if weights is None else _as_number(f"row[{weights!r}]", np.nan, format_of(solution, weights))
    if weights is not None:
        lines.append(f"    rows = [row for row in rows if {weight} > 0]")
    share = "" if weights is None else f", [{weight} for row in rows]"
    lines.append(f"    return encode(rows), [{y} for row in rows]{share}")
    return "\n".join(lines)
