"""`predict`: rows of any number with what a run predicts for them, written as they are read."""

from __future__ import annotations

import sys
import time
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..arguments import number, one_of
from ..errors import DownslopeError
from ..messages import text
from . import options as o


def predict(
    run: o.Run,
    data: o.Data,
    out: o.Table = None,
    force: o.Force = False,
    resume: o.Lacking = False,
    memory: o.Memory = None,
    on_bad_row: o.OnBadRow = None,
    encoding: o.Encoding = None,
    header: o.Header = None,
    out_encoding: o.OutEncoding = None,
    interval: o.Interval = None,
    interval_of: o.IntervalOf = None,
    json: o.Json = False,
    lang: o.Lang = None,
) -> int:
    """Predict the rows of a table, or of many files, with a run."""
    from ..data.charset import known
    from ..data.parts import ReadOptions
    from ..inference import Solution, load
    from . import outputs

    asked = _asked(interval, interval_of)
    plan = outputs.planned(data, out, force, resume)
    reading = ReadOptions(memory, None, on_bad_row, None, encoding, header)
    solution = load(run)
    if not isinstance(solution, Solution):
        raise DownslopeError("cli.of_watched", path=run)
    written = _Written(charset=None if out_encoding is None else known(out_encoding))
    try:
        if plan.folder is None:
            to = plan.jobs[0][1]
            one = solution.predict_source(data, reading, as_written=_as_csv(to) and not json, **asked)
            with _watched(one.meter, out is not None):
                written.add(one, to, keeps=json)
        else:
            _fill(plan, solution, reading, written, asked)
    except KeyboardInterrupt:
        done, count = len(written.files) + plan.before, len(plan.jobs) + plan.before
        key = "cli.broken_off" if plan.folder is None else "cli.broken_off_files"
        print(text(key, done=done, count=count), file=sys.stderr)
        return 130
    _tell(written, plan, out, json)
    return 0


def _as_csv(path: Path | None) -> bool:
    return path is None or path.suffix.lower() == ".csv"


def _asked(interval: str | None, interval_of: str | None) -> dict[str, Any]:
    """What --interval and --interval-of ask for."""
    if interval is None:
        if interval_of is not None:
            raise DownslopeError("cli.interval_of")
        return {}
    level = number(above=0, below=1).read("--interval", interval)
    of = one_of("new", "mean").read("--interval-of", interval_of or "new")
    return {"interval": level, "interval_of": of}


def _fill(plan: Any, solution: Any, reading: Any, written: _Written, asked: dict[str, Any]) -> None:
    """A file in the folder for each that is read, once all of them are seen to belong together."""
    from ..inference.predicting import looked_at
    from . import outputs

    meter = looked_at(solution, plan.words)
    outputs.make(plan.folder)
    meter.begin_pass()
    with _watched(meter, True):
        for words, path in plan.jobs:
            try:
                one = solution.predict_source(words, reading, meter, as_written=_as_csv(path), **asked)
                written.add(one, path)
            except DownslopeError as error:
                if error.key != "data.no_rows":
                    raise
                written.asides.append(text("cli.no_rows_to_write", path=words))


@dataclass
class _Written:
    """What came out so far."""

    charset: str | None = None  # of CSV files, if it was asked for
    rows: int = 0
    skipped: int = 0
    files: list[Path] = field(default_factory=list)
    names: list[str] = field(default_factory=list)  # of the columns with predictions
    kept: dict[str, list] = field(default_factory=dict)  # predictions, for JSON
    notes: list = field(default_factory=list)
    asides: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.perf_counter)

    def add(self, found: Any, path: Path | None, keeps: bool = False) -> None:
        """All rows of some Predictions: to a file, into memory for JSON, or to stdout."""
        from . import outputs

        if path is not None:
            charset = outputs.write(found, path, self.charset)
            if path.suffix.lower() != ".parquet" and charset != "utf-8" and self.charset is None:
                self.asides.append(text("cli.written_in", path=path, encoding=charset))
            self.files.append(path)
        elif keeps:
            self.kept = {name: [] for name in found.names}
            with closing(iter(found)) as tables:
                for table in tables:
                    for name, values in self.kept.items():
                        values += table.column(name).to_pylist()
        else:
            with closing(iter(found)) as tables:
                for piece in outputs.as_csv(tables):
                    sys.stdout.write(piece.decode())
        self.rows += found.rows
        self.skipped += found.skipped
        self.notes += found.notes
        self.names = found.names


def _tell(written: _Written, plan: Any, out: str | None, json: bool) -> None:
    from ..inference.predicting import summed
    from . import progress, show

    seconds = time.perf_counter() - written.began
    notes = summed(written.notes, written.rows + written.skipped)
    said = [text(key, **facts) for key, facts in notes] + written.asides
    if written.skipped:
        said.append(text("cli.left_out", skipped=written.skipped, rows=written.rows))
    show.aside(said)
    if json:
        facts = {"rows": written.rows, "skipped": written.skipped, "seconds": seconds, "out": out}
        kept = written.kept if out is None else None
        show.as_json({**facts, "files": [*map(str, written.files)], "predictions": kept, "notes": said})
    elif out is not None:
        page = show.console()
        facts = {"rows": written.rows, "speed": progress.count(written.rows / max(seconds, 1e-9))}
        if written.files:
            page.print(text("cli.predicted", columns=", ".join(written.names), **facts))
        if plan.before:
            page.print(text("cli.files_before", count=plan.before, folder=plan.folder))
        if plan.folder is None:
            show.written(page, [out])
        elif written.files:
            page.print(text("cli.written_files", count=len(written.files), folder=plan.folder))


def _watched(meter: Any, drawn: bool) -> Any:
    """A bar, unless the rows themselves go to the terminal."""
    from . import progress

    bar = drawn or not sys.stdout.isatty()
    return progress.reading(meter, text("cli.predicting")) if bar else nullcontext()
