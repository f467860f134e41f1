"""A run to take away: as Python with Downslope, as plain NumPy, as a PyTorch loop."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np

from ..descent import directions
from ..descent.directions import Direction
from ..errors import DownslopeError, nearest
from ..inference.export import LIBRARIES, export_code
from ..inference.settings import Settings
from ..messages import text
from ..model.expression import formula
from ..model.functions import Function
from ..settings import arguments, in_python
from .document import RunResult
from .problems import Problem

OURS = {
    "sigmoid": "def sigmoid(u):\n    return 1 / (1 + exp(-u))",
    "softplus": "def softplus(u):\n    return log(1 + exp(u))",
}


def downslope(problem: Problem, settings: Settings) -> str:
    """The run as Python with Downslope."""
    recipe = problem.recipe(settings)
    if problem.function is not None:
        start = {name: float(x) for name, x in (settings.start or {}).items()}
        given = recipe.in_python("method", "learning_rate", "epochs", "tol", "seed")
        if problem.function.derivative_kind == "given" and problem.asked.get("derivative"):
            given += f", {arguments({'derivative': problem.asked['derivative']})}"
        formula = in_python(problem.source or problem.function.formula)
        lines = [f"run = ds.minimize({formula}, {in_python(start)}, {given})"]
    else:
        source = problem.source or f"...  # {text('lab.your_rows')}"
        if source.startswith("ds.Dataset.from_arrays") and problem.dataset and problem.dataset.classes:
            source += f".labelled({problem.dataset.classes!r})"
        lines = [f"rows = {source}", f"run = ds.fit(rows, {recipe.in_python('method')})"]
    return "\n".join(["import downslope as ds", "", *lines, "print(run)", "print(run.verdict)", ""])


def of_run(problem: Problem, ran: RunResult, library: Any) -> str:
    """The run as a script that needs one library alone."""
    if not isinstance(library, str) or library not in LIBRARIES:
        known = nearest(str(library)[:60], (*LIBRARIES, "downslope"))
        raise DownslopeError("export.unknown_library", asked=str(library)[:60], known=known)
    assert ran.solution is not None
    if problem.function is None:
        solution = ran.solution
        if problem.dataset is not None and problem.dataset.encoding is None:
            return export_code(solution, library, problem.dataset)
        if not solution.source.endswith((".csv", ".tsv", ".txt")) or "/" in solution.source:
            solution = replace(solution, source=str(problem.asked.get("name") or "rows.csv"))
        return export_code(solution, library)
    direction, rate = _plain_loop(ran, library)
    function = Function.from_expression(problem.source) if problem.source else problem.function
    return (_in_numpy if library == "numpy" else _in_torch)(function, ran, direction, rate)


def _plain_loop(ran: RunResult, library: str) -> tuple[Direction, float]:
    """The direction and the one learning rate of a run that a plain loop repeats."""
    method = ran.method
    rates = ran.trace.column("learning_rate")
    equation = None if method is None else method.direction.equation
    written = equation is not None and (library == "numpy" or equation.optimizer)
    if not written or not len(rates) or not np.all(rates == rates[0]):
        known = ", ".join(kind.__name__ for kind in directions.DIRECTIONS.values() if hasattr(kind, "code"))
        raise DownslopeError("lab.no_script", known=known)
    assert method is not None
    return method.direction, float(rates[0])


def _head(function: Function, library: str, module: str, expressions: list[str]) -> list[str]:
    words = {word for expression in expressions for word in re.findall(r"[a-z_]\w*", expression)}
    words -= set(function.names)
    if {"max", "min"} & words:
        raise DownslopeError("lab.no_script_for", formula=function.formula, library=module)
    if words & set(OURS):
        words |= {"exp", "log"}
    constants, functions = sorted({"pi", "e"} & words), sorted(words - set(OURS) - {"pi", "e"})
    lines = [f"# {text('lab.script_head', formula=function.formula, library=module)}"]
    lines += [f"from math import {', '.join(constants)}"] if constants else []
    lines += ["import numpy as np" if library == "numpy" else "import torch"]
    lines += [f"from {library} import {', '.join(functions)}"] if functions else []
    return [*lines, "", *(f"\n{OURS[word]}\n" for word in sorted(words & set(OURS)))]


def _python(expression: str) -> str:
    return expression.replace("^", "**")


def _in_numpy(function: Function, ran: RunResult, direction: Direction, rate: float) -> str:
    f = _python(formula(function.expression))
    slopes = [_python(part) for part in function.gradient_formulas]
    names = ", ".join(function.names) + ("," if function.size == 1 else "")
    assert direction.equation is not None
    memory, update = direction.equation.in_numpy(vars(direction))
    lines = [
        *_head(function, "numpy", "NumPy", [f, *slopes]),
        "",
        "def f(w):",
        f"    {names} = w",
        f"    return {f}",
        "",
        "",
        "def gradient(w):",
        f"    {names} = w",
        f"    return np.array([{', '.join(slopes)}], dtype=float)",
        "",
        "",
        f"w, t = np.array({ran.trace.start.tolist()!r}), {rate!r}",
        *memory,
        f"for epoch in range({ran.trace.updates}):",
        "    g = gradient(w)",
        *(f"    {line}" for line in update),
        "print(w, f(w))",
        "",
    ]
    return "\n".join(lines)


def _in_torch(function: Function, ran: RunResult, direction: Direction, rate: float) -> str:
    assert direction.equation is not None
    f = _python(formula(function.expression))
    lines = [
        *_head(function, "torch", "PyTorch", [f]),
        "",
        "def f(w):",
        f"    {', '.join(function.names)}{',' if function.size == 1 else ''} = w",
        f"    return {f}",
        "",
        "",
        f"t, start = {rate!r}, {ran.trace.start.tolist()!r}",
        "w = torch.tensor(start, dtype=torch.float64, requires_grad=True)",
        f"optimizer = torch.optim.{direction.equation.in_torch(vars(direction), 'w', 't')}",
        f"for epoch in range({ran.trace.updates}):",
        "    loss = f(w)",
        "    optimizer.zero_grad()",
        "    loss.backward()",
        "    optimizer.step()",
        "print(w.tolist(), f(w).item())",
        "",
    ]
    return "\n".join(lines)
