"""Logs that somebody else wrote while they trained → a Recording, and from it trace and verdict. Nothing
is run.

names.py says what a column holds, series.py gathers columns in a fixed amount of memory; printed.py,
tables.py, events.py and mlruns.py read; opening.py decides which of them does.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import DownslopeError, nearest
from ...messages import text
from ..records import Fact, Loop, Recording, Update
from .opening import logs_in
from .series import Asked, Log

if TYPE_CHECKING:
    from ..seen import Seen

SAMPLE = 4096  # records of which a trace has the weights

__all__ = ["judge", "judge_all", "named_logs", "notes_of", "read_logs", "recording_of"]


def judge(
    path: str | PathLike,
    run: str | None = None,
    *,
    loss: str | None = None,
    validation: str | None = None,
    rate: str | None = None,
    columns: Sequence[str] | None = None,
) -> Seen:
    """log → trace, verdict: diagnose the losses in a training log. Nothing is run.

    path: CSV, JSON or JSON Lines, TensorBoard event files or their folder, an MLflow store (folder or
    SQLite), text printed by a program, a notebook with its output; or a folder with one of these.
    run: the name of one of several runs; by default the last one in a file. loss, validation, rate: the
    columns to use, if their names do not show it. columns: names for numbers without names.

    Raises DownslopeError if there is no log, or no loss in it, and if a folder contains several and none
    is named.

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "train.log"
    >>> lines = [f"Epoch {k}: loss = {1 / 2**k + 0.1:.9f}" for k in range(40)]
    >>> written = path.write_text("\\n".join(lines))
    >>> judge(path).verdict.code
    'converged'
    """
    from ..seen import Seen

    logs = read_logs(path, loss=loss, validation=validation, rate=rate, columns=columns)
    named = [log for log in logs if run in (None, log.name)]
    if not named:
        known = nearest(str(run), [log.name for log in logs])
        raise DownslopeError("watching.log_no_run", path=path, asked=run, known=known)
    if run is None and len({log.path for log in named}) > 1:
        known = _few([log.name for log in named])
        raise DownslopeError("watching.log_several", path=path, count=len(named), known=known)
    return Seen(recording_of(named[-1]))


def judge_all(paths: str | PathLike | Iterable[str | PathLike], **columns: str | None) -> dict[str, Seen]:
    """name → result of `judge`, for every log in files and folders.

    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name, factor in (("good", 0.5), ("bad", 2.0)):
    ...     lines = [f"{k},{factor**k}" for k in range(20)]
    ...     written = (folder / f"{name}.csv").write_text("\\n".join(["epoch,loss", *lines]))
    >>> {name: seen.verdict.code for name, seen in judge_all(folder).items()}
    {'bad.csv': 'diverged', 'good.csv': 'converged'}
    """
    from ..seen import Seen

    return {name: Seen(recording_of(log)) for name, log in named_logs(paths, **columns).items()}


def named_logs(paths: str | PathLike | Iterable[str | PathLike], **columns: Any) -> dict[str, Log]:
    """name → log, for every log in files and folders; of two with one name the second is called by its
    path."""
    found: dict[str, Log] = {}
    given: Iterable = [paths] if isinstance(paths, str | PathLike) else paths
    for path in given:
        for log in read_logs(path, **columns):
            names = itertools.chain(
                [log.name, log.path], (f"{log.path} ({count})" for count in itertools.count(2))
            )
            found[next(name for name in names if name not in found)] = log
    return found


def read_logs(
    path: str | PathLike,
    loss: str | None = None,
    validation: str | None = None,
    rate: str | None = None,
    columns: Sequence[str] | None = None,
) -> list[Log]:
    """Every log in a file or a folder: its losses, validation losses, rates, gradient norms, as arrays."""
    if not isinstance(path, str | PathLike) or not str(path).strip():
        raise DownslopeError("watching.log_what", found=path)
    columns = columns.split(",") if isinstance(columns, str) else columns or ()
    names = tuple(name.strip() for name in columns)
    try:
        return logs_in(Path(path), Asked(loss or "", validation or "", rate or "", names))
    except OSError as error:
        raise DownslopeError("watching.log_not_read", path=path, reason=error.strerror or error) from None
    except ValueError as error:
        if isinstance(error, DownslopeError):
            raise
        raise DownslopeError("watching.log_not_read", path=path, reason=f"{error}".splitlines()[0]) from None


def recording_of(log: Log) -> Recording:
    """A log as a recording of one loop: each of its records stands for an update."""
    count = len(log.losses)
    known = bool(np.isfinite(log.epochs).all()) and count > 0
    loop = Loop(
        number=1,
        kind="log",
        file=log.path,
        weights=log.weights,
        shapes=((),) * len(log.weights),
        full_batch=None,
        loss=log.chosen["loss"],
        rate=log.chosen["rate"],
        gradient=log.chosen["gradient"],
    )
    late = dict(log.validation)
    began = log.seconds[np.isfinite(log.seconds)][:1]
    seconds = np.where(np.isfinite(log.seconds), log.seconds - (began[0] if len(began) else 0.0), 0.0)
    stride = max(1, math.ceil(count / SAMPLE))
    updates = [
        Update(
            1,
            k + 1,
            int(log.epochs[k]) if known else k,
            float(seconds[k]),
            float(log.losses[k]),
            float(log.rates[k]),
            float(log.gradients[k]),
            params=log.params[k] if log.weights else None,
            validation=late.get(k + 1),
        )
        for k in range(count)
        if k % stride == 0 or k == count - 1 or k + 1 in late
    ]
    facts = []
    lost = np.flatnonzero(~np.isfinite(log.losses))
    if len(lost) and lost[-1] == count - 1:
        facts = [Fact("not_finite", 1, int(lost[0]) + 1, 0, {"where": log.chosen["loss"]})]
    return Recording(
        kind="log",
        script=log.path,
        loops=[loop],
        updates={1: updates},
        losses={1: log.losses},
        rates={1: log.rates},
        epochs={1: log.epochs} if known else {},
        validation={1: log.validation},
        facts=facts,
        end="ended",
        exit_code=None,
        seconds=float(seconds.max(initial=0.0)),
    )


def notes_of(log: Log) -> list[str]:
    """What should be known of how a log was read, as sentences: the columns that were taken, and what
    was not read."""
    taken = {what: name for what, name in log.chosen.items() if name}
    listed = text("watching.comma").join(
        text(f"watching.log_is_{what}", name=name) for what, name in taken.items()
    )
    said = [text("watching.log_taken", listed=listed, records=log.records)]
    if log.others:
        said.append(text("watching.log_others", names=_few(log.others)))
    return [*said, *(text(f"watching.log_{key}", **facts) for key, facts in log.notes)]


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
