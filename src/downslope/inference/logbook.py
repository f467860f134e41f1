"""A log that is written while a descent runs: JSON Lines, TensorBoard, MLflow.

The steps of a training pass through a log and come out as they were. What is written, line by line:

begin     settings, where the rows come from, how many; `resumed` and `changed` in its place where it goes on
step      the numbers of one step, how fast rows were read, the memory of the process
end       why it stopped, the verdict, loss, metrics; `failed` in its place where an error ended it
"""

from __future__ import annotations

import json
import os
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Protocol

from .. import __version__
from ..data.parts import Throughput
from ..descent.trace import Step
from ..errors import DownslopeError, DownslopeWarning
from ..messages import text
from .solution import Solution, finite
from .trackers import MLflow, TensorBoard, refuse_without_room

if TYPE_CHECKING:
    from ..insight import Verdict
    from .training import Training

FORMAT, VERSION = "downslope", 1
BEGINS = json.dumps({"log": FORMAT})[:-1].encode()  # the first bytes of every log
FEW = 20  # params that each step of the log has, at most
ENCODE = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode  # made once: it takes half the time


class Writer(Protocol):
    """One place that a log goes to. All steps are written up to `whole`, then one in `pause` seconds."""

    target: str
    whole: int
    pause: float

    def check(self, force: bool, goes_on: bool) -> None:
        """Refuse, by a DownslopeError, what could not be written; nothing is written yet."""

    def begin(self, head: Mapping[str, Any], force: bool) -> None: ...

    def step(self, record: Mapping[str, Any]) -> None: ...

    def end(self, record: Mapping[str, Any]) -> None:
        """The last of it; nothing is open afterwards."""


@dataclass(frozen=True)
class Logbook:
    """The logs of a descent, written while it runs: `ds.fit(rows, log="run.jsonl")`.

    targets: file names, written as JSON Lines; `tensorboard:FOLDER`, `mlflow:FOLDER` or `mlflow:URI`, if
    these libraries are installed. `force`: overwrite an existing log.

    A file contains each of the first 100,000 steps (TensorBoard 1,000, MLflow 100); after that, every 0.1 s
    (MLflow 1 s) one of those that end an epoch of a stochastic method and one of the others; the last always.

    Raises DownslopeError if a target is invalid, exists already, or cannot be written.

    >>> import downslope as ds, json, pathlib, tempfile
    >>> path = tempfile.mkdtemp() + "/run.jsonl"
    >>> solution = ds.minimize("x^2", 3, epochs=2, learning_rate=0.25, log=ds.Logbook(path))
    >>> lines = pathlib.Path(path).read_text().splitlines()
    >>> for line in map(json.loads, lines):
    ...     print(line["event"], line.get("step"), line.get("loss"), line.get("params"))
    begin None None None
    step 1 9.0 {'x': 1.5}
    step 2 2.25 {'x': 0.75}
    end None 0.5625 None
    """

    targets: Any
    force: bool = False

    def __post_init__(self):
        given = (self.targets,) if isinstance(self.targets, str | os.PathLike) else self.targets
        if not isinstance(given, list | tuple) or not given:
            raise DownslopeError("logbook.what", found=self.targets)
        for one in given:
            if not isinstance(one, str | os.PathLike) or not str(one).strip():
                raise DownslopeError("logbook.what", found=one)
        object.__setattr__(self, "targets", tuple(str(one) for one in given))
        self._writers()

    @classmethod
    def of(cls, asked: Any) -> Logbook:
        """The Logbook for a value of `log=`."""
        return asked if isinstance(asked, Logbook) else cls(asked)

    @classmethod
    def checked(cls, asked: Any, goes_on: bool = False) -> Logbook | None:
        """The same, after `check`; None without a log."""
        book = None if asked is None else cls.of(asked)
        if book is not None:
            book.check(goes_on)
        return book

    def _writers(self) -> list[Writer]:
        """Files last: what is likelier to fail begins first, and leaves no file behind."""
        kinds: dict[str, Any] = {"mlflow": MLflow, "tensorboard": TensorBoard}
        found: dict[str, Writer] = {}
        for target in self.targets:
            kind, colon, where = target.partition(":")
            if colon and kind in kinds and not where.strip():
                raise DownslopeError("logbook.what", found=target)
            slip = colon and kind not in kinds and kind.isalpha()
            if slip and get_close_matches(kind.lower(), kinds, cutoff=0.7):
                known = ", ".join(f"{name}:{where or 'FOLDER'}" for name in kinds)
                raise DownslopeError("logbook.kind", asked=target, known=known)
            writer = kinds[kind](target, where) if colon and kind in kinds else Lines(target)
            if os.path.abspath(target) in found:
                raise DownslopeError("logbook.twice", target=target)
            found[os.path.abspath(target)] = writer
        return sorted(found.values(), key=lambda writer: isinstance(writer, Lines))

    def check(self, goes_on: bool = False) -> None:
        """Refuse targets that cannot be written, before any work. `goes_on`: they may exist already."""
        for writer in self._writers():
            try:
                writer.check(self.force, goes_on)
            except OSError as error:  # a name that is too long, a folder that may not be looked into
                raise _not_written(writer, error) from None

    def write(self, head: Mapping[str, Any], steps: Iterable[Mapping[str, Any]], end: Mapping[str, Any]):
        """Write a complete log of finished steps: the beginning, each step, the end.

        Raises DownslopeError if a target cannot be written.
        """
        begin = {"log": FORMAT, "version": VERSION, "event": "begin", "time": _now(), **head}
        records = list(steps)
        for writer in self._writers():
            chosen = records[:: -(-len(records) // writer.whole) or 1]
            if chosen[-1:] != records[-1:]:
                chosen.append(records[-1])
            try:
                writer.begin(begin, self.force)
                for record in chosen:
                    writer.step({"event": "step", **record})
                writer.end({"event": "end", **end, "written": len(chosen)})
            except DownslopeError:
                raise
            except Exception as error:
                raise _not_written(writer, error) from None

    def open(self, training: Training, event: str = "begin", **more: Any) -> Log:
        """Begin the log of a training: `event` is "begin", "resumed" or "changed"."""
        head = {"log": FORMAT, "version": VERSION, "event": event, **more, **_settings(training)}
        writers = self._writers()
        for writer in writers:
            try:
                writer.begin(head, self.force)
            except DownslopeError:
                raise
            except Exception as error:  # what a library or a server raises is anybody's guess
                raise _not_written(writer, error) from None
        return Log(self, training, [Thinned(writer, training.trace.updates) for writer in writers])


@dataclass
class Thinned:
    """A writer, and which steps it is handed: see `Logbook`."""

    writer: Writer
    last: int  # the number of the step that was written last
    written: int = 0
    due: dict[bool, float] = field(default_factory=dict)  # whether it ends a pass → when the next may come

    def wants(self, step: Step, now: float) -> bool:
        if self.written < self.writer.whole:
            return True
        ends = step.objective is not None
        if now < self.due.get(ends, 0.0):
            return False
        self.due[ends] = now + self.writer.pause
        return True

    def step(self, record: Mapping[str, Any]) -> None:
        self.written, self.last = self.written + 1, record["step"]
        self.writer.step(record)


class Log:
    """The log of one training, open: its steps pass through `watch`, and `end` writes its solution.

    A place that can no longer be written, such as a disk that is full, is warned of once; the rest goes on.
    """

    def __init__(self, book: Logbook, training: Training, writers: list[Thinned]):
        self.book, self.training, self.writers = book, training, writers
        self.trace = training.trace
        self.kept: list[str] = []  # the targets that hold all of it, once it has ended
        self._pace = Throughput(training.meter)

    def watch(self, steps: Iterable[Step]) -> Iterator[Step]:
        """The same steps, each written on the way."""
        try:
            for step in steps:
                now = time.monotonic()
                wanting = [writer for writer in self.writers if writer.wants(step, now)]
                self._write(step, wanting)
                yield step
        except Exception as error:
            self._end({"event": "failed", "reason": _reason(error)})
            raise

    def end(self, solution: Solution) -> None:
        """How it ended; the last step first, for those that were not handed it. A second descent, with the
        penalty that "auto" added, follows as one with a change."""
        steps = self.trace.steps
        if steps:
            self._write(steps[-1], [writer for writer in self.writers if writer.last < steps[-1].step])
        if self.training.trace is not self.trace and self.training.unbounded is not None:
            stopped, verdict = self.training.unbounded
            self._end(_ending(stopped, verdict) | {"steps": self.trace.updates})
            penalty = self.training.recipe.penalty
            again = self.rerun(self.training, {"penalty": penalty.spec, "alpha": penalty.alpha})
            for step in solution.trace.steps:
                again._write(step, again.writers, live=False)
            again.end(solution)
            self.kept = again.kept
            return
        record = _ending(solution.stopped, solution.verdict)
        record |= {name: getattr(solution, name) for name in ("loss", "gap", "epochs", "seconds", "method")}
        record |= {"steps": solution.trace.updates, "metrics": dict(solution.metrics)}
        self._end(record)

    def rerun(self, training: Training, change: Mapping[str, Any]) -> Log:
        """A log in the same places of the same descent with a change, after this one has ended."""
        return self.book.open(training, "changed", change=dict(change))

    def _write(self, step: Step, writers: list[Thinned], live: bool = True) -> None:
        if not writers:
            return
        rows, size = self._pace.speeds() if live else (None, None)
        record: dict[str, Any] = {"event": "step"}
        record |= {name: getattr(step, name) for name in Step._fields if name not in ("params", "gradient")}
        record |= {"rows_per_second": rows, "bytes_per_second": size, "memory": self._pace.memory().resident}
        if len(step.params) <= FEW:
            record["params"] = dict(zip(self.training.trace.names, step.params.tolist()))
        for writer in writers:
            self._try(writer, partial(writer.step, record))

    def _end(self, record: Mapping[str, Any]) -> None:
        for writer in list(self.writers):
            self._try(writer, partial(writer.writer.end, {**record, "written": writer.written}))
        self.kept, self.writers = [kept.writer.target for kept in self.writers], []

    def _try(self, thinned: Thinned, write: Callable[[], None]) -> None:
        try:
            write()
        except Exception as error:
            self.writers = [other for other in self.writers if other is not thinned]
            facts = {"target": thinned.writer.target, "step": thinned.last, "reason": _reason(error)}
            warnings.warn(text("logbook.given_up", **facts), DownslopeWarning, stacklevel=4)


class Lines:
    """JSON Lines: one object a line, each handed to the system as it is made, so that `tail -f` shows it and
    a process that is killed loses the line under way at most. Numbers that are not finite are null."""

    whole, pause = 100_000, 0.1

    def __init__(self, target: str):
        self.target, self.path = target, Path(target)
        self._file: Any = None
        self._size = 0

    def check(self, force: bool, goes_on: bool) -> None:
        path = self.path
        if path.is_dir():
            raise DownslopeError("logbook.is_a_folder", path=path)
        if path.exists() and not (force or goes_on):
            raise DownslopeError("logbook.exists", path=path)
        refuse_without_room(path)
        if path.is_file() and not _is_log(path):
            raise DownslopeError("logbook.no_log", path=path)

    def begin(self, head: Mapping[str, Any], force: bool) -> None:
        mode = "ab" if head["event"] != "begin" else "wb" if force else "xb"
        try:
            self._file = open(self.path, mode, buffering=0)  # noqa: SIM115 - `end` closes it
        except FileExistsError:  # since it was checked
            raise DownslopeError("logbook.exists", path=self.path) from None
        if mode == "ab" and self.path.is_file():
            self._size = _whole_lines(self.path)
            self._file.truncate(self._size)
        self._line(head)

    def step(self, record: Mapping[str, Any]) -> None:
        self._line(record)

    def end(self, record: Mapping[str, Any]) -> None:
        try:
            self._line(record)
        finally:
            self._file.close()

    def _line(self, record: Mapping[str, Any]) -> None:
        try:
            line = ENCODE(record)
        except (ValueError, TypeError):  # the slow way: nulls, and NumPy's numbers
            line = json.dumps(finite(dict(record)), ensure_ascii=False, default=str)
        left = memoryview((line + "\n").encode(errors="backslashreplace"))
        size = self._size + len(left)
        try:
            while left:  # what does not fit on a disk is written in part, first
                left = left[self._file.write(left) :]
        except BaseException:  # half a line would make the file unreadable
            with suppress(OSError):
                self._file.truncate(self._size)
            raise
        self._size = size


def _ending(stopped: str, verdict: Verdict) -> dict[str, Any]:
    return {"event": "end", "stopped": stopped, "verdict": {"code": verdict.code, "text": verdict.text}}


def _settings(training: Training) -> dict[str, Any]:
    """The settings of a descent, and its rows."""
    dataset, held_out, function = training.dataset, training.held_out, training.function
    try:
        recipe = training.recipe.to_json()
    except DownslopeError:  # an optimizer of torch.optim is code; some stops have no text
        recipe = training.recipe.with_(method="auto", stop=None).to_json() | {"method": training.method.name}
    settings: dict[str, Any] = {
        "time": _now(),
        "downslope": __version__,
        "recipe": recipe,
        "method": training.method.name,
        "source": dataset.source if dataset is not None else getattr(function, "formula", None),
        "weights": training.objective.size,
    }
    if dataset is not None:
        rows, columns = dataset.shape
        settings |= {"rows": rows, "columns": columns, "targets": list(dataset.targets)}
        settings["held_out"] = 0 if held_out is None else len(held_out)
    return settings


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _is_log(path: Path) -> bool:
    with open(path, "rb") as file:
        begun = file.read(len(BEGINS))
    return begun in (b"", BEGINS)


def _whole_lines(path: Path) -> int:
    """Bytes up to the end of the last whole line: what was killed may have left a part of one more."""
    content = path.read_bytes()
    return content.rfind(b"\n") + 1


def _not_written(writer: Writer, error: Exception) -> DownslopeError:
    return DownslopeError("logbook.not_written", target=writer.target, reason=_reason(error))


def _reason(error: Exception) -> str:
    """Why, in one line."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return shorten(str(reason).strip().splitlines()[0], 160, placeholder=" …").rstrip(". ")
