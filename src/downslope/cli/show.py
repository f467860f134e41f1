"""What people are told: notes, tables and verdicts, as wide as the terminal; plain where there is none."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..inference import Recipe, Solution
from ..inference.solution import finite
from ..messages import text

MANY = 40  # weights told: the largest of more
METRICS = {"r2": "R²", "rmse": "RMSE", "mae": "MAE"}


def console(stderr: bool = False) -> Console:
    """Calm: no markup, no colours of its own making; without a terminal, lines are as long as they are."""
    stream = sys.stderr if stderr else sys.stdout
    wide = None if stream.isatty() or "COLUMNS" in os.environ else 10_000
    return Console(file=stream, width=wide, markup=False, highlight=False, emoji=False)


def as_json(told: Mapping[str, Any]) -> None:
    """One JSON object on stdout."""
    print(json.dumps(finite(told), ensure_ascii=False, indent=2))


def aside(lines: Iterable[str]) -> None:
    """Notes on stderr, for when stdout is spoken for."""
    for line in lines:
        print(text("cli.note", note=line), file=sys.stderr)


def notes(page: Console, lines: Iterable[str]) -> None:
    for line in lines:
        page.print(text("cli.note", note=line), style="dim")


def figure(value: float) -> str:
    """A number as a person reads it."""
    return f"{value + 0.0:.6g}"  # −0 is 0


def columns_of(headers: Sequence[str], words: int = 1) -> Table:
    """An empty table: `words` columns of words, then numbers, to the right."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for place, header in enumerate(headers):
        table.add_column(header, justify="left" if place < words else "right", overflow="fold")
    return table


def minimised(recipe: Recipe, method: str, rows: int, columns: int) -> str:
    """One line on what was minimised, over what, and how."""
    name, _, constant = recipe.loss.spec.partition(":")
    formula = {
        "squared": "(z − y)²",
        "absolute": "|z − y|",
        "huber": f"huber(z − y, δ = {constant})",
        "quantile": f"quantile(y − z, τ = {constant})",
    }.get(name, recipe.loss.spec)
    penalty, alpha = recipe.penalty, f"{recipe.alpha:g}"
    if penalty.alpha:
        price = {"l2": f"{alpha}·½‖w‖²", "l1": f"{alpha}·‖w‖₁"}
        formula += " + " + price.get(penalty.name, f"{alpha}·({penalty.l1:g}·‖w‖₁ + {penalty.l2:g}·½‖w‖²)")
    model = "z = X·w + b" if recipe.intercept else "z = X·w"
    return text("cli.minimised", formula=formula, model=model, rows=rows, columns=columns, method=method)


def weights(page: Console, solution: Solution, spread: np.ndarray | None = None) -> None:
    """The coefficients in the units of the data; `spread` (d,) is one standard deviation of each column."""
    W = solution.params[: len(solution.features) * len(solution.targets)].reshape(len(solution.features), -1)
    heads = [text("cli.weight")] if solution.single else [*solution.targets]
    if spread is not None and solution.single:
        heads.append(text("cli.effect", target=solution.targets[0]))
    table = columns_of([text("cli.feature"), *heads])
    told = list(range(len(W)))
    if len(W) > MANY:
        size = np.abs(W).max(axis=1) * (1 if spread is None else spread)
        told = sorted(np.argsort(-size, kind="stable")[:MANY].tolist())
    for j in told:
        effects = [figure(W[j, 0] * spread[j])] if spread is not None and solution.single else []
        table.add_row(solution.features[j], *(figure(w) for w in W[j]), *effects)
    if solution.recipe.intercept:
        b = np.atleast_1d(solution.intercept)
        table.add_row(Text(text("cli.intercept"), style="dim"), *(figure(value) for value in b))
    page.print(table)
    if len(W) > MANY:
        page.print(text("cli.more_weights", shown=MANY, count=len(W)), style="dim")


def ended(page: Console, solution: Solution) -> None:
    """The loss, how good the predictions are, and the verdict."""
    seconds = f"{solution.seconds:.3g}"
    page.print(text("cli.ended", loss=solution.loss, epochs=solution.epochs, seconds=seconds))
    page.print()
    if solution.metrics and not solution.verdict.failed:
        metrics(page, solution)
        page.print()
    verdict(page, solution)


def metrics(page: Console, solution: Solution) -> None:
    """R², RMSE and MAE, on the rows learned from and on those held out."""
    names = list(next(iter(solution.metrics.values())))
    table = columns_of(["", *(METRICS.get(name, name) for name in names)])
    for rows, values in solution.metrics.items():
        table.add_row(
            text(f"cli.rows_{rows}"),
            *("–" if values[name] is None else figure(values[name]) for name in names),
        )
    page.print(table)


def verdict(page: Console, solution: Solution) -> None:
    """How it ended, and what to do about it."""
    style = "bold red" if solution.verdict.failed else "bold"
    page.print(Text(solution.verdict.text, style=style))
    for remedy in solution.verdict.remedies:
        page.print(f"→ {remedy}")


def written(page: Console, paths: Iterable[Any]) -> None:
    for path in paths:
        page.print(text("cli.written", path=path))


def exit_code(solution: Solution) -> int:
    """0 done, 3 no answer, 130 broken off."""
    return 3 if solution.verdict.failed else 130 if solution.stopped == "interrupted" else 0
