"""From a CSV file to rows of numbers, the run's encoding spelled out: the same for all libraries."""

from __future__ import annotations

import numpy as np

from ...data.encoding import Column
from ...messages import text
from ..solution import Solution


def columns_of(solution: Solution) -> tuple[Column, ...]:
    if solution.encoding is not None:
        return solution.encoding.columns
    return tuple(Column(name, "numeric", (float("nan"),)) for name in solution.features)


def reading(solution: Solution) -> list[str]:
    """From a CSV file to rows of numbers."""
    columns = columns_of(solution)
    parts = [
        f'''def read(path):
    """{text("export.script_read")}"""
    with open(path, newline="", encoding="utf-8-sig") as file:
        first = file.readline()
        file.seek(0)
        delimiter = max(",;\\t|", key=first.count)
        rows = csv.DictReader(file, delimiter=delimiter)
        return [{{name.strip(): cell.strip() for name, cell in row.items()}} for row in rows]''',
        f'''def number(cell, mean=math.nan):
    """{text("export.script_number")}"""
    return mean if cell in MISSING else float(TRUTH.get(cell.lower(), cell))''',
    ]
    if any(column.kind == "date" for column in columns):
        parts.append(f'''def days(cell, mean):
    """{text("export.script_days")}"""
    since = datetime(1970, 1, 1)
    return mean if cell in MISSING else (datetime.fromisoformat(cell) - since).total_seconds() / 86400''')
    if any(column.kind == "text" for column in columns):
        parts.append(f'''def indicators(cell, baseline, categories, mean):
    """{text("export.script_indicators")}"""
    known = cell == baseline or cell in categories
    return [float(cell == category) for category in categories] if known else mean''')
    cells = "\n".join(f"            {_cell(column)}," for column in columns)
    parts.append(f'''def encode(rows):
    """{text("export.script_encode")}"""
    return [
        [
{cells}
        ]
        for row in rows
    ]''')
    return parts


def _cell(column: Column) -> str:
    """How a cell becomes the numbers of its row."""
    cell, mean = f"row[{column.name!r}]", column.mean[0]
    if column.kind == "text":
        categories = f"{list(column.categories)!r}, {list(column.mean)!r}"
        return f"*indicators({cell}, {column.baseline!r}, {categories})"
    if column.kind == "date":
        return f"days({cell}, {mean!r})"
    return f"number({cell}, {mean!r})" if np.isfinite(mean) else f"number({cell})"


def labelled(solution: Solution) -> str:
    """The rows whose target is known, and y of them."""
    classes, weights = solution.classes, None if solution.encoding is None else solution.encoding.weights
    y = "[number(row[name]) for name in TARGETS]"
    if classes:
        cell = "row[TARGETS[0]]" if isinstance(classes[0], str) else "number(row[TARGETS[0]])"
        names = "CLASSES" if len(classes) > 2 else "CLASSES[1:]"
        y = f"[float({cell} == name) for name in {names}]"
    lines = [
        "def labelled(rows):",
        f'    """{text("export.script_labelled")}"""',
        "    rows = [row for row in rows if all(row[name] not in MISSING for name in TARGETS)]",
    ]
    if weights is not None:
        lines.append(f"    rows = [row for row in rows if number(row[{weights!r}]) > 0]")
    share = "" if weights is None else f", [number(row[{weights!r}]) for row in rows]"
    lines.append(f"    return encode(rows), [{y} for row in rows]{share}")
    return "\n".join(lines)
