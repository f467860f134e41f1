"""`judge`: logs that somebody else wrote while they trained; one in full, several side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from ..errors import DownslopeError, nearest
from ..messages import text
from . import options as o

Paths = Annotated[list[str], typer.Argument(metavar="PATH…", help="cli.help_log_paths", show_default=False)]
Loss = Annotated[str | None, typer.Option("--loss", metavar="COL", help="cli.help_log_loss")]
Validation = Annotated[
    str | None, typer.Option("--validation", metavar="COL", help="cli.help_log_validation")
]
Rate = Annotated[str | None, typer.Option("--rate", metavar="COL", help="cli.help_log_rate")]
Strict = Annotated[bool, typer.Option("--strict", help="cli.help_strict")]


def judge(
    paths: Paths,
    run: o.LogRun = None,
    loss: Loss = None,
    validation: Validation = None,
    rate: Rate = None,
    columns: o.LogColumns = None,
    strict: Strict = False,
    json: o.Json = False,
    lang: o.Lang = None,
) -> int:
    """Tell what the losses in a log show: CSV, JSON, text, TensorBoard, MLflow. Nothing is run."""
    from ..watching.logs import named_logs, notes_of, recording_of
    from ..watching.seen import Seen
    from . import show

    names = [name.strip() for name in (columns or "").split(",") if name.strip()]
    logs = named_logs(paths, loss=loss, validation=validation, rate=rate, columns=names)
    if run is not None:
        known = list(logs)
        logs = {name: log for name, log in logs.items() if run in (name, log.name)}
        if not logs:
            raise DownslopeError(
                "watching.log_no_run", path=", ".join(paths), asked=run, known=nearest(run, known)
            )
    seen = {name: Seen(recording_of(log)) for name, log in logs.items()}
    if json:
        documents = [
            {"name": name, "path": log.path, "form": log.form, "columns": log.chosen, "records": log.records}
            | {"notes": notes_of(log), "metrics": log.metrics}
            | seen[name].to_json()
            for name, log in logs.items()
        ]
        show.as_json({"logs": documents})
    elif len(seen) == 1:
        page = show.console()
        for name, log in logs.items():
            show.notes(page, notes_of(log))
            for line in seen[name].lines():
                page.print(line)
    else:
        _side_by_side(logs, seen)
    return 3 if strict and any(one.sick for one in seen.values()) else 0


def _side_by_side(logs: Mapping, seen: Mapping) -> None:
    from . import show

    page = show.console()
    heads = [
        "cli.log",
        "cli.verdict",
        "cli.records",
        "cli.first_loss",
        "cli.last_loss",
        "cli.lowest_validation",
    ]
    table = show.columns_of([text(head) for head in heads], words=2)
    for name, log in logs.items():
        lowest = min((loss for _, loss in log.validation if loss == loss), default=None)
        ends = show.figure(log.losses[0]), show.figure(log.losses[-1])
        shown = "–" if lowest is None else show.figure(lowest)
        table.add_row(name, seen[name].verdict.code, f"{log.records}", *ends, shown)
    page.print(table)
    page.print()
    for name, one in seen.items():
        page.print(f"{name}: {one}")
