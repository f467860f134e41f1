"""`--fix`: the first remedy of a verdict applied, and both runs side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..inference import Solution, Training
from ..messages import text
from . import show, watch


def fixed(training: Training, solution: Solution, log=None) -> tuple[Training, Solution] | None:
    """The run with the change that its verdict asks for; None where there is none, which stderr is told. The
    log tells it too, after the first."""
    verdict = solution.verdict
    if verdict.remedy is None or verdict.remedy.change is None:
        show.aside([text(f"insight.{verdict.no_change}", **verdict.why_not)])
        return None
    change = dict(verdict.remedy.change)
    again = training.again(change)
    return again, watch.run(again, log=None if log is None else log.again(again, change))


def as_json(before: Solution, told: Mapping[str, Any], after: Mapping[str, Any] | None) -> dict[str, Any]:
    """{before, change, after}; null where nothing was changed."""
    change = before.verdict.remedy.change if before.verdict.remedy and after is not None else None
    return {"before": told, "change": change, "after": after}


def tell_before(page, before: Solution) -> None:
    """What was wrong, and what is changed."""
    remedy = before.verdict.remedy
    show.verdict(page, before, only=remedy)
    page.print()
    page.print(text("cli.fixed_by", change=remedy.options if remedy else ""), style="bold")
    page.print()


def tell_both(page, before: Solution, after: Solution, saved: bool = False) -> None:
    """Verdict, loss, epochs and weights, before and after."""
    page.print()
    table = show.columns_of(["", text("cli.before"), text("cli.after")], words=1)
    table.add_row(text("cli.verdict"), before.verdict.code, after.verdict.code)
    table.add_row(text("cli.loss"), show.figure(before.loss), show.figure(after.loss))
    table.add_row(text("cli.epochs"), f"{before.epochs}", f"{after.epochs}")
    first, second = (dict(zip(run.names, run.params.tolist())) for run in (before, after))
    for name in list(dict.fromkeys([*first, *second]))[: show.MANY]:
        told = (show.figure(run[name]) if name in run else "–" for run in (first, second))
        table.add_row(name, *told)
    page.print(table)
    if saved:
        page.print(text("cli.fixed_saved"), style="dim")
