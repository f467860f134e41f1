"""A descent, or a long read, as it is watched at a terminal: how far, how fast; what becomes of Ctrl-C."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

from ..data.parts import Meter, Throughput
from ..descent.methods import Exhaustive
from ..descent.trace import Step
from ..inference import Solution, Training
from ..messages import language, speaking, text
from . import signals

PATIENCE = 1.0  # seconds before there is a bar
PAUSE = 0.25  # seconds between two looks at it
WIDE = 12  # characters of the bar
ROOM = 100  # characters of a terminal that has one


def run(
    training: Training,
    goes_on: Callable[[Callable[[], bool]], bool] | None = None,
    steps: Iterable[Step] | None = None,
    log=None,
) -> Solution:
    """The descent to its end, or to Ctrl-C: then with what was learned until then. `goes_on` is asked after
    each step whether there is to be another; it may wait, until what it is given tells of a Ctrl-C. `steps`:
    those of the training, as they come through the hands of somebody else. `log`: gets every step."""
    watched = ShownProgress(training)
    steps = training if steps is None else steps
    with training.sharing_cores(), _asked_to_stop() as asked, _drawn(watched.line):
        for step in steps if log is None else log.watch(steps):
            watched.note(step)
            if asked or (goes_on is not None and not goes_on(lambda: bool(asked))):
                training.interrupt()
                break
    with _drawn(watched.nested_line) if training.nested else nullcontext():
        solution = training.solution
    if log is not None:
        log.end(solution)
    return solution


@contextmanager
def reading(meter: Meter, words: str) -> Iterator[None]:
    """A bar for a long read that is no training, as a prediction of files is: rows, time left, speed, memory.

    >>> with reading(Meter(pass_rows=3), "predicting"):  # on a terminal, after a second
    ...     pass
    """
    pace, began = Throughput(meter), time.monotonic()

    def line(width: int) -> Any:
        share = meter.share
        done = text("cli.progress_rows", words=words, rows=meter.rows)
        left = None if not share else (time.monotonic() - began) * (1 - share) / share
        return _line(width, done, share, [*_left(left), *_speeds(pace), *_memory(pace)])

    with _drawn(line):
        yield


@contextmanager
def _asked_to_stop() -> Iterator[list]:
    """A list that is empty until Ctrl-C, SIGTERM or SIGHUP comes. The update under way is finished first; a
    second signal does not wait for it."""
    asked: list = []

    def stop() -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(True)

    with signals.ending(stop):
        yield asked


@dataclass
class ShownProgress:
    """What the bar of a training shows: its last step, and how far that is."""

    training: Training
    step: Step | None = None
    began: float = field(default_factory=time.monotonic)
    first: float = 0.0  # where it stood when it was first looked at: a run that is resumed has begun before
    farthest: float = 0.0
    passes: int = 0  # begun when that step was made

    def __post_init__(self):
        trace, recipe = self.training.trace, self.training.recipe
        self.pace = Throughput(self.training.meter)
        self.passes = 0 if self.training.meter is None else self.training.meter.passes
        self.every = isinstance(self.training.method, Exhaustive)
        self.total = recipe.epochs
        if isinstance(self.training.method, Exhaustive):
            self.total = math.prod(len(values) for values in self.training.method.grid.values())
        self.first = self.farthest = float(trace.steps[-1].epoch + 1) if trace.updates else 0.0

    def note(self, step: Step) -> None:
        self.step = step
        if self.training.meter is not None:
            self.passes = self.training.meter.passes

    def done(self) -> float:
        """Epochs, with the share of the pass under way where that is known: it never goes back."""
        step, meter = self.step, self.training.meter
        done = self.first if step is None else step.step if self.every else step.epoch + 1.0
        if meter is not None and meter.passes > self.passes:
            done += meter.share or 0.0
        self.farthest = max(self.farthest, min(done, self.total))
        return self.farthest

    def left(self) -> float | None:
        """Seconds, at most: a descent may end before its last epoch."""
        done, taken = self.done(), time.monotonic() - self.began
        if done <= self.first:
            return None
        left = taken * (self.total - done) / (done - self.first)
        limit = self.training.recipe.seconds
        return left if limit is None else min(left, max(0.0, limit - self.training.seconds))

    def line(self, width: int) -> Any:
        """What there is to see of it now."""
        step, done = self.step, self.done()
        key = "cli.progress_tried" if self.every else "cli.progress"
        words, said = text(key, done=math.floor(done), total=self.total), []
        if step is not None:
            said.append(text("cli.progress_loss", loss=step.best_known_loss))
        said += [*_left(self.left()), *_speeds(self.pace), *_memory(self.pace)]
        return _line(width, words, done / self.total, said)

    def nested_line(self, width: int) -> Any:
        """What there is to see of the nested cross-validation that follows the descent."""
        nested = self.training.nested
        done, total = (0, 0) if nested is None else (nested.done, nested.total)
        share = done / total if total else 0.0
        return _line(width, text("cli.progress_nested", done=done, total=total), share, [*_memory(self.pace)])


# ---- one line --------------------------------------------------------------------------------------


def _line(width: int, words: str, share: float | None, parts: list[str]) -> Any:
    """Words, a bar if there is room, and what else there is to say: cut at its end where it is too long."""
    from rich.cells import cell_len
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, min_width=cell_len(words))
    cells: list[Any] = [Text(words)]
    if share is not None and width >= ROOM:
        grid.add_column(width=WIDE)
        cells.append(ProgressBar(total=1.0, completed=share, width=WIDE))
    grid.add_column(no_wrap=True, overflow="ellipsis")
    grid.add_row(*cells, Text(" · ".join(parts)))
    return grid


def _speeds(pace: Throughput) -> list[str]:
    rows, size = pace.speeds()
    if rows is None or size is None:
        return []
    return [
        text("cli.progress_rows_speed", rows=count(rows)),
        text("cli.progress_bytes_speed", size=volume(size)),
    ]


def _left(seconds: float | None) -> list[str]:
    return [] if seconds is None else [text("cli.progress_left", left=clock(seconds))]


def _memory(pace: Throughput) -> list[str]:
    used = pace.memory()
    if used.resident is None:
        return []
    peak = volume(max(used.peak or 0, used.resident))  # the two are counted apart
    return [text("cli.progress_memory", now=volume(used.resident), peak=peak)]


def count(number: float) -> str:
    """A number of three digits, with k, M, G or T.

    >>> [count(x) for x in (7, 999.7, 1_230, 45_600_000)]
    ['7', '1.00k', '1.23k', '45.6M']
    """
    return _scaled(number, ["", "k", "M", "G", "T", "P"])


def volume(size: float) -> str:
    """Bytes, in thousands.

    >>> volume(512), volume(2_500_000_000)
    ('512 B', '2.50 GB')
    """
    return _scaled(size, [" B", " kB", " MB", " GB", " TB", " PB"])


def _scaled(number: float, units: list[str]) -> str:
    power = 0
    while number >= 999.5 and power < len(units) - 1:
        number, power = number / 1000, power + 1
    digits = 0 if power == 0 or number >= 99.95 else 1 if number >= 9.995 else 2
    return f"{number:.{digits}f}{units[power]}"


def clock(seconds: float) -> str:
    """Hours, minutes and seconds; days where there are many.

    >>> clock(7), clock(3_725), clock(200_000)
    ('0:07', '1:02:05', '2 d 7 h')
    """
    minutes, seconds = divmod(math.ceil(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} d {hours % 24} h"
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


@contextmanager
def _drawn(line: Callable[[int], Any]) -> Iterator[None]:
    """What `line` gives, drawn again and again by a thread of its own: a pass may take hours. On anything but
    a terminal nothing is drawn."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.live import Live

    live = Live(console=Console(stderr=True), transient=True, auto_refresh=False)
    over, said = Event(), language()  # a thread does not know what language was chosen

    def draw() -> None:
        wait = PATIENCE
        with speaking(said), suppress(OSError):  # a terminal that has gone is no fault of the descent
            while not over.wait(wait):
                live.start()
                live.update(line(live.console.width), refresh=True)
                wait = PAUSE

    thread = Thread(target=draw, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        with suppress(OSError):
            live.stop()
