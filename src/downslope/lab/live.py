"""A fit under way, shown as it goes: it can be paused, taken up again, and ended early."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ..descent.trace import Step, Trace
from ..errors import DownslopeError
from ..inference import Training
from ..inference.settings import Settings
from ..watching.records import Recording, read
from .document import NAMED, RunResult, assembled
from .localized import Localized, encoded
from .problems import Problem
from .saved import lines_of, of_seen

EVERY = 0.1  # seconds between two lines
POINTS = 200  # steps that one line tells at most


class Live:
    """What a fit has done so far. Its own thread calls `goes_on` and `finish`; the server reads `lines`."""

    def __init__(self, training: Training, title: Localized):
        self.training = training
        self.epochs: int | None = training.recipe.epochs
        self._begin(title)

    def _begin(self, title: Localized) -> None:
        self.title, self.state, self.stopping = title, "running", False
        self.document: bytes | None = None
        self._go = threading.Event()
        self._go.set()

    @property
    def trace(self) -> Trace:
        """The steps so far."""
        return self.training.trace

    @property
    def source(self) -> dict[str, Any] | None:
        """The lines of a watched script; a fit has none."""
        return None

    def goes_on(self, broken_off: Callable[[], bool]) -> bool:
        """Whether there is to be another step; waits while paused, unless it is broken off."""
        while not self._go.wait(EVERY):
            if broken_off():
                return False
        return not self.stopping

    def steer(self, asked: Any) -> str:
        """Pause, go on, or stop: what it does now."""
        if asked not in ("pause", "go", "stop"):
            raise DownslopeError("lab.steer", asked=repr(asked)[:60])
        if self.state in ("running", "paused"):
            self.state = "paused" if asked == "pause" else "running"
            self.stopping = self.stopping or asked == "stop"
            (self._go.clear if asked == "pause" else self._go.set)()
        return self.state

    def finish(self) -> None:
        """The document of the whole fit, once it has ended."""
        training, dataset = self.training, self.training.dataset
        dataset = None if dataset is None else dataset.sample  # a page draws some of the rows
        settings = Settings.from_recipe(training.recipe, training.solution.method)
        problem = Problem({"kind": "saved", "name": self.title["en"]}, self.title, settings, dataset)
        self.document = encoded(assembled(problem, [RunResult.of(settings, training)]))
        self.state = "done"

    async def lines(self) -> AsyncIterator[bytes]:
        """A line of JSON for what is new, ten times a second, until the document ends it."""
        about = {"title": self.title, "names": list(self.trace.names[:NAMED]), "epochs": self.epochs}
        yield encoded({"about": about}) + b"\n"
        sent, state = 0, ""
        while True:
            if self.state != state:
                state = self.state
                yield encoded({"state": state}) + b"\n"
            new = [step for step in list(self.trace.steps) if step.step > sent]
            if new:
                sent = new[-1].step
                yield encoded({"more": _part(new)}) + b"\n"
            if self.document is not None:
                yield b'{"document":' + self.document + b"}\n"
                return
            await asyncio.sleep(EVERY)


class LiveScript(Live):
    """What a watched script has done so far, by its recording; signals pause its process, and end it."""

    def __init__(self, folder: Path, title: Localized):
        self.folder, self.epochs = folder, None
        self.process: subprocess.Popen | None = None
        self._read, self._due = Recording(), 0.0
        self._begin(title)

    @property
    def recording(self) -> Recording:
        """The recording so far, read again twice a second."""
        if time.monotonic() >= self._due:
            with suppress(DownslopeError):  # there is none yet
                self._read = read(self.folder)
            self._due = time.monotonic() + 0.5
        return self._read

    @property
    def trace(self) -> Trace:
        return self.recording.trace()

    @property
    def source(self) -> dict[str, Any] | None:
        return lines_of(self.recording)

    def steer(self, asked: Any) -> str:
        state = super().steer(asked)
        if self.process is not None and self.process.poll() is None:
            if asked == "stop":
                self.process.terminate()
            self.process.send_signal(signal.SIGSTOP if asked == "pause" else signal.SIGCONT)
        return state

    def over(self, seen: Any) -> None:
        """The document of the whole run, once the script has ended."""
        self.document = encoded(of_seen(seen, self.title["en"])[0])
        self.state = "done"


def _part(steps: list[Step]) -> dict[str, Any]:
    chosen = steps[:: max(1, len(steps) // POINTS)]
    known = lambda value: value if value is not None and np.isfinite(value) else None
    return {
        "epoch": [step.epoch for step in chosen],
        "loss": [known(step.best_known_loss) for step in chosen],
        "params": [
            [known(float(x)) for x in step.params[:NAMED]] if step.params is not None else []
            for step in chosen
        ],
    }
