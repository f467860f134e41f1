"""A run as a script that needs one library alone: reading and encoding are the same for all, training is not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from pprint import pformat
from typing import Any

import numpy as np

from .. import __version__
from ..data.delimited import MISSING_WORDS
from ..data.encoding import Column
from ..descent import directions, methods
from ..descent.methods import ClosedForm, Exhaustive, Method
from ..descent.schedules import Constant, Cosine, InverseScaling, Schedule
from ..messages import text
from .script_numpy import numpy_training
from .script_torch import torch_training
from .solution import Solution

LIBRARIES = ("numpy", "pytorch")
PLAIN_TEXT = (".csv", ".tsv", ".txt")
UNSURE = (
    "collinear",
    "separable",
    "validation",
    "interrupted",
    "rounded",
)  # verdicts: other weights do as well


@dataclass(frozen=True)
class Plan:
    """How the script trains, and what keeps it from ending on the same weights."""

    solution: Solution
    way: str  # "closed_form", "loop", "newton" or "other"
    method: Any
    schedule: Schedule | None  # of a loop
    differs: tuple[str, ...]  # keys of sentences

    @property
    def loss(self) -> Any:
        return self.solution.recipe.loss

    @property
    def outputs(self) -> int:
        return self.solution.outputs

    @property
    def weighted(self) -> bool:
        encoding = self.solution.encoding
        return encoding is not None and encoding.weights is not None

    @property
    def ridge(self) -> float:
        """The price of ½w²."""
        return self.solution.recipe.alpha * self.solution.recipe.penalty.l2

    @property
    def lasso(self) -> float:
        """The price of |w|."""
        return self.solution.recipe.alpha * self.solution.recipe.penalty.l1

    @property
    def start(self) -> np.ndarray | None:
        """Where the descent began, in the units of the data, (d + 1, k); None for zeros."""
        start = self.solution.trace.start.reshape(-1, self.outputs)
        return start if start.any() else None


def script(solution: Solution, library: str) -> str:
    """The text of the script."""
    plan = _planned(solution, library)
    training = numpy_training(plan) if library == "numpy" else torch_training(plan)
    parts = [_head(plan, library), *_reading(solution), *training, _main(plan, library)]
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n"


# ---- what can be said again ----


def _planned(solution: Solution, library: str) -> Plan:
    """The way that belongs to the run's method, in this library."""
    recipe = solution.recipe
    method = methods.by_name(solution.method) if recipe.method == "auto" else recipe.method
    method = method.with_rows(recipe.batch_size, recipe.order).with_rate(recipe.learning_rate)
    schedule = _schedule(solution, method)
    kinked = recipe.penalty.kinked
    differs = []
    if isinstance(method, ClosedForm):
        way = "closed_form"
    elif isinstance(method, Method) and isinstance(method.direction, directions.Newton) and schedule is None:
        way = "newton" if recipe.loss.smooth else "other"
        if way == "newton" and not (solution.verdict.code == "converged" and recipe.loss.name in CURVED):
            differs.append("export.differs_search")
    elif schedule is None or (kinked and not isinstance(method.direction, directions.Steepest)):
        way = "other"
    else:
        way = "loop"
        drawn = not method.full and method.rows.order in ("shuffle", "replacement")
        if kinked and method.full:
            differs.append("export.differs_kink")
        if drawn and library == "pytorch":
            differs.append("export.differs_order")
        if (
            not method.full
            and not isinstance(method.rows.order, str)
            and solution.encoding
            and solution.encoding.weights
        ):
            differs.append("export.differs_rows")
    if way == "other":
        differs.append("export.differs_method")
    if "validation" in solution.metrics:
        differs.append("export.differs_held_out")
    if Path(solution.source).suffix.lower() not in PLAIN_TEXT:
        differs.append("export.differs_source")
    if solution.verdict.code in UNSURE:
        differs.append("export.differs_unsure")
    return Plan(solution, way, method, schedule, tuple(differs))


CURVED = ("squared", "log", "poisson")  # a parabola or a bowl: one minimum


def _schedule(solution: Solution, method) -> Schedule | None:
    """The learning rates of a loop; those that "auto" stood for are read off the trace. None for a search."""
    if isinstance(method, ClosedForm | Exhaustive) or isinstance(method.direction, directions.Chooser):
        return None
    if getattr(method.direction, "beta", None) == "auto" or isinstance(method.learning_rate, Schedule):
        return (
            method.learning_rate
            if isinstance(method.learning_rate, Schedule) and not _grows(method)
            else None
        )
    if method.searches or solution.recipe.loss.name == "poisson":
        return None
    first = solution.trace[0]  # of a pass over batches, the rate of its last update is told
    updates, per_epoch = first.step, 1 if method.full else first.step
    first_order = isinstance(
        method.direction, directions.Steepest | directions.Momentum | directions.Nesterov
    )
    shape: Schedule
    if not first_order:
        shape = Cosine(1.0)
    elif not solution.recipe.loss.smooth:
        shape = InverseScaling(1.0, 0.5)
    else:
        shape = Constant(1.0) if method.full else InverseScaling(1.0)
    total = per_epoch * solution.recipe.epochs
    told = float(shape.rates(np.array([updates - 1]), per_epoch, total)[0])
    return replace(shape, rate=first.learning_rate / told)


def _grows(method) -> bool:
    """Whether the momentum is FISTA's, which grows and starts again."""
    return getattr(method.direction, "beta", None) == "auto"


# ---- what both libraries share ----


def _head(plan: Plan, library: str) -> str:
    """What the script does, its imports and its constants."""
    solution = plan.solution
    module = {"numpy": "NumPy", "pytorch": "PyTorch"}[library]
    targets = ", ".join(solution.targets)
    penalty = solution.recipe.penalty.spec
    told = solution.recipe.loss.spec + (f" + {solution.recipe.alpha:g}·{penalty}" if penalty else "")
    told = text("export.script_head", target=targets, objective=told, method=plan.method.name, library=module)
    lines = [told, text("export.script_usage"), text("export.script_by", version=__version__)]
    lines += [text(key, method=plan.method.name) for key in plan.differs]
    if plan.differs:
        lines.append(text("export.script_kept"))
    lines = ["# " + " ".join(line.split()) for line in lines]
    dates = any(column.kind == "date" for column in _columns(solution))
    lines += ["", "import csv", "import math", "import sys"]
    lines += ["from datetime import datetime"] * dates
    lines += ["", "import numpy as np" if library == "numpy" else "import torch", ""]
    source = solution.source if Path(solution.source).suffix.lower() in PLAIN_TEXT else None
    lines += [f"DATA = {source!r}", f"TARGETS = {list(solution.targets)!r}"]
    if solution.classes:
        lines.append(f"CLASSES = {_listed(solution.classes)}")
    lines += [f"FEATURES = {_listed(solution.features)}", f"MISSING = {list(MISSING_WORDS)!r}"]
    if plan.differs:
        d, k = len(solution.features), plan.outputs
        W, b = solution.params[: d * k].reshape(d, k), np.atleast_1d(solution.intercept)
        lines += [f"WEIGHTS = {_listed(W.tolist())}", f"INTERCEPT = {_listed(b.tolist())}"]
    return "\n".join(lines)


def _listed(values) -> str:
    """A list as it is written, over several lines if it is long."""
    return pformat(list(values), width=100, compact=True)


def _columns(solution: Solution) -> tuple[Column, ...]:
    if solution.encoding is not None:
        return solution.encoding.columns
    return tuple(Column(name, "numeric", (float("nan"),)) for name in solution.features)


def _reading(solution: Solution) -> list[str]:
    """From a CSV file to rows of numbers, and what they are to be."""
    columns = _columns(solution)
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
    return mean if cell in MISSING else float({{"true": 1, "false": 0}}.get(cell.lower(), cell))''',
    ]
    if any(column.kind == "date" for column in columns):
        parts.append(f'''def days(cell, mean):
    """{text("export.script_days")}"""
    return mean if cell in MISSING else (datetime.fromisoformat(cell) - datetime(1970, 1, 1)).total_seconds() / 86400''')
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
    parts.append(_targets(solution))
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


def _targets(solution: Solution) -> str:
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


def _main(plan: Plan, library: str) -> str:
    """Train, print the weights, predict."""
    solution = plan.solution
    array = "np.array({})" if library == "numpy" else "torch.tensor({}, dtype=torch.float64)"
    arrays = array.format("part")
    lines = [
        'if __name__ == "__main__":',
        "    if len(sys.argv) < 2 and DATA is None:",
        f"        sys.exit({text('export.script_no_data')!r})",
        "    path = sys.argv[1] if len(sys.argv) > 1 else DATA",
        f"    W, b = train(*({arrays} for part in labelled(read(path))))",
        "    for name, w in zip(FEATURES, W.tolist()):",
        "        print(name, *w)",
    ]
    if solution.recipe.intercept:
        lines.append('    print("intercept", *b.tolist())')
    if plan.differs:
        lines.append(
            f"    W, b = {array.format('WEIGHTS')}, {array.format('INTERCEPT')}  # {text('export.script_found')}"
        )
    names = ["prediction"] if solution.single else [f"prediction: {name}" for name in solution.targets]
    if solution.classes and solution.recipe.loss.name == "log":
        names += [f"chance: {name}" for name in solution.classes]
    lines += [
        "    rows = read(sys.argv[2] if len(sys.argv) > 2 else path)",
        "    print()",
        '    table = csv.writer(sys.stdout, lineterminator="\\n")',
        f"    table.writerow({names!r})",
        f"    table.writerows(predict({array.format('encode(rows)')}, W, b))",
    ]
    return "\n".join(lines)
