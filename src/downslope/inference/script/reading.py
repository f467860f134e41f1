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
from typing import Any

import numpy as np
from scipy import sparse

from ...data import Dataset, numbers
from ...data.cells import FALSE, TRUE, TextFormat
from ...data.encoding import Column
from ...data.layout import BLANK, MISSING, Layout
from ..solution import Solution

PLAIN = Layout(",", ())
OPEN = 'open(path, "rb")'
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


def written_out(rows: Dataset) -> dict[str, Any]:
    """X (n, d), Y (n, outputs) and the rows' weights, as lists."""
    assert rows.y is not None
    y = np.asarray(rows.y, dtype=float)
    if rows.classes:
        y = np.eye(len(rows.classes))[y.astype(int)]
        y = y if len(rows.classes) > 2 else y[:, 1:]
    X = rows.X.toarray() if sparse.issparse(rows.X) else np.asarray(rows.X)
    facts = {"X": listed(X.tolist()), "Y": listed(y.reshape(len(X), -1).tolist())}
    return facts if rows.weights is None else facts | {"SHARE": listed(rows.weights.tolist())}


def listed(values) -> str:
    """A list as it is written, over several lines if it is long."""
    return pformat(list(values), width=100, compact=True)


def reading(solution: Solution) -> dict[str, Any]:
    """What the templates say of the file and its cells."""
    columns, layout = columns_of(solution), layout_of(solution)
    kinds = {column.kind for column in columns}
    packed = UNPACKING.get(Path(solution.source).suffix.lower()) if is_readable(solution) else None
    ending, needed = Path(solution.source).suffix, [column.name for column in columns]
    blank = layout.delimiter == BLANK
    numbered = any(name.rpartition("_")[0] in layout.names for name in layout.names)
    plain, first = _is_plain(solution, packed, numbered), f"lines[{layout.skip}:]" if layout.skip else "lines"
    spelled = [one.pattern for one in numbers.SPELLED] if _has_spelled_dates(solution) else []
    return {
        "reads": True,
        "imports": _imports(kinds, plain, packed, bool(spelled)),
        "source": repr(solution.source if is_readable(solution) else None),
        "opened": f'({packed}.open if path.endswith("{ending}") else open)(path, "rb")' if packed else OPEN,
        "plain": plain,
        "utf8": layout.encoding.startswith("utf-8"),
        "wide": layout.encoding.startswith(("utf-16", "utf-32")),
        "encoding": repr(layout.encoding),
        "ending": repr(list(layout.ending)) if layout.ending else "",
        "missing": repr(list(MISSING)),
        "header": layout.header,
        "columns": listed(needed if layout.header else layout.names),
        "delimiter": repr(layout.delimiter),
        "delimiters": repr("".join(dict.fromkeys((layout.delimiter, *",;\t|")))),
        "from_start": "(line.strip() for line in lines[start:])" if blank else "lines[start:]",
        "from_first": f"(line.strip() for line in {first})" if blank else first,
        "names": '["row_name", *named(next(rows))]'
        if layout.names[:1] == ("row_name",)
        else "named(next(rows))",
        "numbered": numbered,
        "times": "time" in kinds,
        "texts": "text" in kinds,
        "spelled_dates": [f"re.compile({_raw(pattern)}, re.I)," for pattern in spelled],
        "month_names": pformat(numbers.MONTH_NAMES, width=120),
        "month_numbers": inspect.getsource(numbers.month_numbers).rstrip(),
        "iso_date": inspect.getsource(numbers.iso_date).rstrip(),
        "cells": [f"{_cell(solution, column)}," for column in columns],
        **_truth(solution),
        **_dates(solution),
        **_numbers(solution),
        **_labelled(solution),
    }


def _imports(kinds: set[str], plain: bool, packed: str | None, spelled: bool) -> list[str]:
    """Of the standard library."""
    names = ["csv", "math", "re", "sys", *["io"] * (not plain), *[packed] * bool(packed)]
    dates = [f"from datetime import {'date, ' * spelled}datetime, timedelta"] * ("date" in kinds)
    return [*(f"import {name}" for name in sorted(filter(None, names))), *dates]


def _is_plain(solution: Solution, packed: str | None, numbered: bool) -> bool:
    """Whether the file begins with the names, in UTF-8, and has no more than rows behind them."""
    layout, marks = layout_of(solution), {*",;\t|\n"}
    given = [name in ("row_name", f"column{j}") for j, name in enumerate(layout.names)]
    marked = any(given) or any(set(name) & marks for name in layout.names)
    first = layout.header and layout.skip == 1 and not layout.ending and not layout.blanks
    return first and not marked and not numbered and layout.encoding.startswith("utf-8") and not packed


# ---- cells -----------------------------------------------------------------------------------------


def _order(form: TextFormat | None) -> str:
    return "ymd" if form is None else form.order


def _dates(solution: Solution) -> dict[str, Any]:
    """Dates in the orders of day, month and year that columns of the training file have."""
    orders = _orders(solution)
    parts = PARTS[orders[0]] if len(orders) == 1 else PARTS["any"]
    cell = "iso_date(cell)[0]" if _has_spelled_dates(solution) else "cell"
    order = ", order" if len(orders) > 1 else ""
    return {"dates": bool(orders), "year_month_day": parts, "date_cell": cell, "order": order}


PARTS = {
    "ymd": "a, b, c",
    "dmy": "(a, b, c) if len(a) == 4 else (c, b, a)",
    "mdy": "(a, b, c) if len(a) == 4 else (c, a, b)",
    "any": '(a, b, c) if len(a) == 4 or order == "ymd" else (c, *((a, b) if order == "mdy" else (b, a)))',
}


def _orders(solution: Solution) -> list[str]:
    """The orders of day, month and year that columns have."""
    dates = [column.name for column in columns_of(solution) if column.kind == "date"]
    return [*dict.fromkeys(_order(format_of(solution, name)) for name in dates)]


def _has_spelled_dates(solution: Solution) -> bool:
    forms = [format_of(solution, column.name) for column in columns_of(solution) if column.kind == "date"]
    return any(form is not None and form.spelled for form in forms)


def _truth(solution: Solution) -> dict[str, str]:
    """The words for yes and no, where a column, or a target of which nobody knows how its cells were written,
    may hold them."""
    targets = [] if solution.classes and isinstance(solution.classes[0], str) else solution.targets
    boolean = any(column.kind == "boolean" for column in columns_of(solution))
    unsure = [format_of(solution, name) in (None, TextFormat("boolean")) for name in targets]
    if not boolean and not any(unsure):
        return {}
    truth = {word: float(yes) for yes, words in ((True, TRUE), (False, FALSE)) for word in words}
    return {"truth": pformat(truth, width=100, compact=True, sort_dicts=False)}


def _forms(solution: Solution) -> list[TextFormat]:
    """The ways in which columns of numbers are written."""
    names = [column.name for column in columns_of(solution) if column.kind == "numeric"]
    names += [name for name in solution.targets if not solution.classes]
    forms = [format_of(solution, name) for name in names]
    return [form for form in forms if form is not None and form.kind == "numeric"]


def _numbers(solution: Solution) -> dict[str, Any]:
    """Numbers, with as much as the training file asks for: regular expressions and their order."""
    forms = _forms(solution)
    marks, units = any(form.decimal == "," for form in forms), ""
    if any(form.unit for form in forms):
        words = [f"{re.escape(form.unit)}s?" for form in forms if not re.fullmatch(numbers.UNITS, form.unit)]
        behind = rf"|(?<=[\d.,])\s*(?:{'|'.join(dict.fromkeys(words))})$" if any(words) else ""
        units = f"{_raw(numbers.UNITS + behind)}{', re.I' if behind else ''}"
    rules = [f"(re.compile({_raw(old)}), {_raw(new)})" for _, old, new in numbers.NEGATIVE]
    comma = (numbers.WHOLE, numbers.COMMA, numbers.DOTS, numbers.SPACES, numbers.SPACES_COMMA)
    return {
        "two_marks": marks,
        "decimal": ', decimal="."' * marks,
        "point": _either(numbers.POINT, numbers.COMMAS, numbers.SPACES, numbers.SPACES_POINT),
        "comma": _either(*comma),
        "gaps_comma": _raw(numbers.GAPS[:-1] + ",]"),
        "gaps_point": _raw(numbers.GAPS[:-1] + ".]"),
        "units": units,
        "spelled_numbers": any(form.spelled for form in forms),
        "negative": ", ".join(rules),
    }


def _either(*ways: str) -> str:
    return _raw("|".join(way.removeprefix("(?i)").removeprefix("^").removesuffix("$") for way in ways))


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


def _labelled(solution: Solution) -> dict[str, Any]:
    """y of a row, and its weight."""
    classes, weights = solution.classes, None if solution.encoding is None else solution.encoding.weights
    targets = [_target(solution, name) for name in solution.targets]
    y = f"[{', '.join(targets)}]"
    if classes:
        cell = "row[TARGETS[0]]" if isinstance(classes[0], str) else targets[0]
        y = f"[float({cell} == name) for name in {'CLASSES' if len(classes) > 2 else 'CLASSES[1:]'}]"
    if weights is None:
        return {"y": y}
    return {"y": y, "weight": _as_number(f"row[{weights!r}]", np.nan, format_of(solution, weights))}
