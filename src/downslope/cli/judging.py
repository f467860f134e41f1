"""`judge`: logs that somebody else wrote while they trained; one in full, several side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
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
    """Diagnose the losses in logs (CSV, JSON, text, TensorBoard, MLflow) and in runs that `watch` saved."""
    from ..watching.logs import named_logs, notes_of, recording_of
    from ..watching.seen import Seen, watched_at
    from . import show

    names = [name.strip() for name in (columns or "").split(",") if name.strip()]
    saved = {path: one for path in paths if (one := watched_at(Path(path))) is not None}
    others = [path for path in paths if path not in saved]
    asked = {"loss": loss, "validation": validation, "rate": rate, "columns": names}
    logs = named_logs(others, **asked) if others or not saved else {}
    if run is not None:
        known = list(logs)
        logs = {name: log for name, log in logs.items() if run in (name, log.name)}
        if not logs:
            facts = {"path": ", ".join(paths), "asked": run, "known": nearest(run, known)}
            raise DownslopeError("watching.log_no_run", **facts)
    seen = {name: Seen(recording_of(log)) for name, log in logs.items()} | saved
    if json:
        documents = [
            {"name": name, "path": log.path, "form": log.form, "columns": log.chosen, "records": log.records}
            | {"notes": notes_of(log), "metrics": log.metrics}
            | seen[name].to_json()
            for name, log in logs.items()
        ]
        documents += [
            {"name": name, "path": name, "form": "watched"} | saved[name].to_json() for name in saved
        ]
        show.as_json({"logs": documents})
    elif len(seen) == 1:
        page = show.console()
        for name, one in seen.items():
            show.notes(page, notes_of(logs[name]) if name in logs else [])
            for line in one.lines():
                page.print(line, markup=False, highlight=False, soft_wrap=True)
    else:
        _side_by_side(seen)
    return 3 if strict and any(one.sick for one in seen.values()) else 0


def _side_by_side(seen: Mapping) -> None:
    from . import show

    page = show.console()
    heads = ["cli.log", "cli.verdict", "cli.records", "cli.first_loss", "cli.last_loss"]
    heads.append("cli.lowest_validation")
    table = show.columns_of([text(head) for head in heads], words=2)
    for name, one in seen.items():
        recording, number = one.recording, one.recording.main
        losses = [] if number is None else recording.losses.get(number, [])
        known = [loss for loss in losses if loss == loss or one.recording.kind == "log"]
        ends = [show.figure(loss) for loss in (known[0], known[-1])] if known else ["–", "–"]
        held_out = [] if number is None else [loss for _, loss in recording.validation.get(number, [])]
        lowest = min((loss for loss in held_out if loss == loss), default=None)
        shown = "–" if lowest is None else show.figure(lowest)
        table.add_row(name, one.verdict.code, f"{len(losses)}", *ends, shown)
    page.print(table)
    page.print()
    for name, one in seen.items():
        page.print(f"{name}: {one}")
