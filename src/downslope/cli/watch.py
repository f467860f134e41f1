"""A descent as it is watched at a terminal: its progress, and what becomes of Ctrl-C."""

from __future__ import annotations

import math
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from ..descent.methods import Exhaustive
from ..descent.trace import Step
from ..inference import Solution, Training
from ..messages import text

PATIENCE = 1.0  # seconds before there is a bar
PAUSE = 0.1  # seconds between two looks at it


def run(
    training: Training,
    goes_on: Callable[[Callable[[], bool]], bool] | None = None,
    steps: Iterable[Step] | None = None,
) -> Solution:
    """The descent to its end, or to Ctrl-C: then with what was learned until then. `goes_on` is asked after
    each step whether there is to be another; it may wait, until what it is given tells of a Ctrl-C.
    `steps`: those of the training, as they come through the hands of somebody else."""
    with _asked_to_stop() as asked, _bar(training) as show:
        due = time.monotonic() + PATIENCE
        for step in training if steps is None else steps:
            if asked or (goes_on is not None and not goes_on(lambda: bool(asked))):
                training.interrupt()
                break
            if time.monotonic() >= due:
                show(step)
                due = time.monotonic() + PAUSE
    return training.solution


@contextmanager
def _asked_to_stop() -> Iterator[list]:
    """A list that is empty until Ctrl-C is pressed. The update under way is finished first; who can not
    wait for that presses again."""
    asked: list = []

    def note(number, frame):
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _bar(training: Training) -> Iterator:
    """A function that draws where a step stands; on anything but a terminal it draws nothing."""
    if not sys.stderr.isatty():
        yield lambda step: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    every = isinstance(training.method, Exhaustive)
    total = training.recipe.epochs
    if isinstance(training.method, Exhaustive):
        total = math.prod(len(values) for values in training.method.grid.values())
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[loss]}")
    progress = Progress(
        *columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True, auto_refresh=False
    )
    task = progress.add_task("", total=total, loss="")

    def show(step: Step) -> None:
        done = step.step if every else step.epoch + 1
        loss = step.loss if step.objective is None else step.objective
        words = text("cli.progress_tried" if every else "cli.progress", done=done, total=total)
        said = text("cli.progress_loss", loss=loss)
        progress.update(task, completed=done, description=words, loss=said)
        progress.start()
        progress.refresh()

    try:
        yield show
    finally:
        if progress.live.is_started:
            progress.stop()
