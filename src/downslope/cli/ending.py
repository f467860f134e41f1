"""What `fit` and `minimize` do with a descent: log and save it; fix (`--fix`), draw and print its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DownslopeError
from ..messages import text
from . import files, pasting
from . import options as o

if TYPE_CHECKING:
    from ..inference import Solution, Training


@dataclass(frozen=True)
class Ending:
    """The options that `fit` and `minimize` have in common there."""

    out: o.Out = None
    checkpoint: o.Checkpoint = None
    resume: o.Resume = None
    log: o.Log = None
    plot: o.Plot = None
    force: o.Force = False
    fix: o.Fix = False
    json: o.Json = False

    def check(self) -> Any:
        """The log book that is asked for; what could not be written is refused."""
        if self.fix and (self.checkpoint is not None or self.resume is not None):
            raise DownslopeError("checkpoint.fix")
        files.check_picture(self.plot, self.force)
        goes_on = self.resume is not None
        return files.check_log(self.log, self.force, goes_on, out=self.out, plot=self.plot)

    def opened(self, book: Any, training: Training) -> Any:
        """The log of a training that begins or is resumed; None without."""
        if book is None:
            return None
        if self.resume is None:
            return book.open(training, "begin")
        return book.open(training, "resumed", step=training.trace.updates)

    def finish(
        self,
        training: Training,
        before: Solution,
        keeps: Any,
        log: Any,
        draw: Callable[[str, Training, Solution], list[Path]],
        to_dict: Callable[[Training, Solution], dict[str, Any]],
        tell: Callable[[Training, Solution], None],
    ) -> int:
        """Apply the remedy, save the run, draw it, and print it: `to_dict` as JSON, or what `tell` prints.
        The result is printed even where it cannot be saved. Returns the exit code."""
        from . import resuming, show

        mended = fixed(training, before, log) if self.fix else None
        training, solution = mended or (training, before)
        paths, failure = [] if log is None else list(log.kept), None
        try:
            paths += resuming.keep(solution, keeps, self.out, self.force)
            if self.plot is not None:
                paths += draw(self.plot, training, solution)
        except DownslopeError as error:
            failure = error
        if self.json and self.fix:
            show.as_json(as_json(before, to_dict(training, before), mended and to_dict(training, solution)))
        elif self.json:
            show.as_json(to_dict(training, solution))
        else:
            if mended:
                tell_before(show.console(), before)
            tell(training, solution)
            if mended:
                tell_both(show.console(), before, solution, self.out is not None and failure is None)
            show.written(show.console(), paths)
        if failure:
            raise failure
        return show.exit_code(solution)


def fixed(training: Training, solution: Solution, log=None) -> tuple[Training, Solution] | None:
    """The training and solution with the change that the verdict proposes; None, with a note on stderr, where
    it proposes none. The log has both runs."""
    from . import progress, show

    verdict = solution.verdict
    if verdict.remedy is None or verdict.remedy.change is None:
        show.aside([text(f"insight.{verdict.no_change}", **verdict.why_not)])
        return None
    change = dict(verdict.remedy.change)
    again = training.rerun(change)
    return again, progress.run(again, log=None if log is None else log.rerun(again, change))


def as_json(before: Solution, first: Mapping[str, Any], after: Mapping[str, Any] | None) -> dict[str, Any]:
    """{before, change, after}; null where nothing was changed."""
    change = before.verdict.remedy.change if before.verdict.remedy and after is not None else None
    return {"before": first, "change": change, "after": after}


def tell_before(page, before: Solution) -> None:
    """What was wrong, and what is changed."""
    from . import show

    remedy = before.verdict.remedy
    show.verdict(page, before, only=remedy)
    page.print()
    page.print(text("cli.fixed_by", change=pasting.options(remedy) if remedy else ""), style="bold")
    page.print()


def tell_both(page, before: Solution, after: Solution, saved: bool = False) -> None:
    """Verdict, loss, epochs and weights, before and after."""
    from . import show

    page.print()
    table = show.columns_of(["", text("cli.before"), text("cli.after")], words=1)
    table.add_row(text("cli.verdict"), before.verdict.code, after.verdict.code)
    table.add_row(text("cli.loss"), show.figure(before.loss), show.figure(after.loss))
    table.add_row(text("cli.epochs"), f"{before.epochs}", f"{after.epochs}")
    first, second = (dict(zip(run.names, run.params.tolist())) for run in (before, after))
    for name in list(dict.fromkeys([*first, *second]))[: show.MANY]:
        cells = (show.figure(run[name]) if name in run else "–" for run in (first, second))
        table.add_row(name, *cells)
    page.print(table)
    if saved:
        page.print(text("cli.fixed_saved"), style="dim")
