"""What was seen of somebody else's training loop: its records in memory and on the disk.

A `Recorder` writes in the script's process, `read(folder)` makes a `Recording` of what it wrote. The folder
holds

    watched.jsonl     header, loops, facts, curvatures, validation losses, layers: one JSON object a line
    steps-N.bin       loss, rate and epoch of every update of loop N: 3 float64 each
    updates-N-P.bin   a sample of its updates, with weights and gradient of P numbers

The binary files (`tracks.py`) are memory-mapped: what was written outlives a kill, `os._exit` and a crash.
"""

from __future__ import annotations

import json
import math
import os
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..descent.trace import Step, Trace
from ..errors import DownslopeError
from ..model.lanczos import Curvature
from .tracks import NUMBERS, Track, read_steps, read_updates

FORMAT = 1
NAME = "watched.jsonl"
NAN = math.nan
PATH = 3  # weights up to which a trace has their whole path, and no update without them
HOPELESS = 1e6  # times the first loss


def hopeless(loss: float, first: float) -> bool:
    """Whether a loss is NaN or a million times the first one: what `--stop-when diverged` ends."""
    return not abs(loss) <= HOPELESS * max(abs(first), 1e-12)


@dataclass(frozen=True)
class Loop:
    """One training loop of the script, with the source text of each role ("" where there is none)."""

    number: int = 0
    kind: str = "hand"  # "hand", "torch", "log"
    line: int = 0  # of the loop statement
    file: str = ""
    function: str = ""  # that the loop stands in, "" at the top of the script
    update_line: int = 0  # of the line that moves the weights
    weights: tuple[str, ...] = ()  # as the script names them; of a torch module "0.weight"
    shapes: tuple[tuple[int, ...], ...] = ()  # of each weight; () is a number
    gradient: str = ""
    rate: str = ""
    loss: str = ""
    loss_after: bool = False  # the script computes the loss after the update
    optimizer: dict = field(default_factory=dict)  # torch: class, groups with lr, momentum, …, scheduler
    length: int | None = None  # updates, where known beforehand
    full_batch: bool | None = None  # every update saw the same rows; None: not known

    @property
    def names(self) -> tuple[str, ...]:
        """A name for each number: "w", "w[0]", "w[0, 1]"; () where the weights are too many to be stored.

        >>> Loop(weights=("w", "b"), shapes=((2,), ())).names
        ('w[0]', 'w[1]', 'b')
        """
        if sum(math.prod(shape) for shape in self.shapes) > NUMBERS:
            return ()
        found: list[str] = []
        for name, shape in zip(self.weights, self.shapes):
            places = np.ndindex(*shape) if shape else [()]
            found += [f"{name}[{', '.join(map(str, place))}]" if place else name for place in places]
        return tuple(found)


class Update(NamedTuple):
    """One update of a loop. Loss and gradient are those before it, in `params` the weights after it.

    Step 0 is the start: `params` alone, before the first update.
    """

    loop: int
    step: int  # updates made, this one included
    epoch: int  # passes over the rows, from 0
    seconds: float  # since the script began
    loss: float = NAN
    rate: float = NAN
    gradient_norm: float = NAN
    rows: int = 0  # 0: not known
    params: np.ndarray | None = None  # (p,) after; None above 10,000 numbers
    gradient: np.ndarray | None = None  # (p,)
    validation: float | None = None
    layers: dict[str, dict[str, float]] | None = None  # name → gradient_norm, weight_norm, update_ratio, …
    before: np.ndarray | None = None  # (p,) the weights that the gradient was computed at


class Fact(NamedTuple):
    """What only the running program shows, with its evidence in numbers.

    `code` is that of a finding, or "not_seen" or "not_measured" with numbers {"what", "why"}.
    """

    code: str
    loop: int = 0
    step: int = 0
    line: int = 0
    numbers: Mapping[str, Any] = {}


@dataclass
class Recording:
    """All that was seen of one run of a script, or read from a log."""

    kind: str = "hand"  # of the script: "hand", "torch", "log"
    script: str = ""
    source: str = ""
    argv: tuple[str, ...] = ()
    loops: list[Loop] = field(default_factory=list)
    updates: dict[int, list[Update]] = field(default_factory=dict)  # of a loop, a sample in order
    losses: dict[int, np.ndarray] = field(default_factory=dict)  # (steps,) of every update; NaN: no loss
    rates: dict[int, np.ndarray] = field(default_factory=dict)  # (steps,)
    epochs: dict[int, np.ndarray] = field(default_factory=dict)  # (steps,)
    strides: dict[int, int] = field(default_factory=dict)  # 1; more where a loop had above 4 million updates
    validation: dict[int, list[tuple[int, float]]] = field(default_factory=dict)  # (step, loss)
    curvatures: list[Curvature] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    end: str = "killed"  # "ended", "raised", "killed", "stopped"
    exit_code: int | None = None
    seconds: float = 0.0
    recording_seconds: float = 0.0

    @property
    def main(self) -> int | None:
        """The number of the loop with the most updates; None where nothing was moved."""
        counts = {loop.number: self.steps(loop.number) for loop in self.loops}
        busy = [number for number, count in counts.items() if count]
        return max(busy, key=lambda number: (counts[number], -number)) if busy else None

    def loop(self, number: int | None = None) -> Loop | None:
        """The loop of a number, or the main one."""
        number = self.main if number is None else number
        return next((loop for loop in self.loops if loop.number == number), None)

    def steps(self, number: int) -> int:
        """How many updates a loop has made."""
        every = len(self.losses.get(number, ())) * self.strides.get(number, 1)
        last = self.updates.get(number, [])
        return max(every, last[-1].step if last else 0)

    def start(self, number: int) -> np.ndarray | None:
        """(p,) the weights before the first update, where they were seen."""
        first = next(iter(self.updates.get(number, [])), None)
        if first is None:
            return None
        return first.params if first.step == 0 else first.before

    def trace(self, loop: int | None = None) -> Trace:
        """The updates of one loop (the main one, where none is given), as a Trace of our own runs.

        Between the sampled updates of a net stand some of which only loss and rate are known.
        A loss that the script computes after an update is that step's `objective`, and the next one's `loss`
        where every update saw the same rows. Above 10,000 weights a step has no params.
        """
        number = self.main if loop is None else loop
        if number is None:
            return Trace((), [])
        of = self.loop(number) or Loop(number)
        updates = [update for update in self.updates.get(number, []) if update.step > 0]
        names = of.names if updates and updates[0].params is not None else ()
        start = self.start(number)
        trace = Trace(names, np.full(len(names), np.nan) if start is None or not names else start)
        if of.kind == "torch" and not 0 < len(names) <= PATH:
            updates = self._filled(number, updates, trace.capacity // 2)
        late = dict(self.validation.get(number, []))
        before = NAN
        for update in _even(updates, self._extremes(number)):
            loss = self._loss(update)
            objective = loss if of.loss_after and not math.isnan(loss) else None
            if of.loss_after:
                known = of.full_batch and update.step > 1
                loss = self._loss(update._replace(step=update.step - 1, loss=before)) if known else NAN
                before = NAN if objective is None else objective
            fits = update.params is not None and len(update.params) == len(names)
            params: Any = update.params if fits else None
            plain = (update.step, update.epoch, update.rows, update.seconds, loss, update.gradient_norm)
            held_out = update.validation if update.validation is not None else late.get(update.step)
            extras = (objective, held_out, update.gradient if fits else None)
            trace.append(Step(*plain, update.rate, params, *extras))
        trace.seen = trace.updates = self.steps(number)
        return trace

    def _filled(self, number: int, updates: list[Update], most: int) -> list[Update]:
        """The sample, and at most so many other updates, equally far apart, with their loss and rate."""
        losses, stride = self.losses.get(number, np.zeros(0)), self.strides.get(number, 1)
        known = {update.step: update for update in updates}
        apart = -(-len(losses) // most)
        if not known or not apart:
            return updates
        steps = np.arange(0, len(losses), apart) * stride + 1
        seconds = np.interp(steps, list(known), [update.seconds for update in updates])
        for place, second in zip(range(0, len(losses), apart), seconds.tolist()):
            step, epoch = place * stride + 1, int(self.epochs[number][place])
            plain = (number, step, epoch, second, float(losses[place]), float(self.rates[number][place]))
            known.setdefault(step, Update(*plain, rows=updates[-1].rows))
        return [known[step] for step in sorted(known)]

    def _loss(self, update: Update) -> float:
        """The loss of an update: what the file of every step knows is the newest."""
        losses, stride = self.losses.get(update.loop), self.strides.get(update.loop, 1)
        place, rest = divmod(update.step - 1, stride)
        stored = NAN if losses is None or rest or place >= len(losses) else float(losses[place])
        return update.loss if math.isnan(stored) else stored

    def _extremes(self, number: int) -> set[int]:
        """The steps of the lowest and the highest loss."""
        losses = self.losses.get(number, np.zeros(0))
        finite = np.flatnonzero(np.isfinite(losses))
        if not len(finite):
            return set()
        ends = finite[[np.argmin(losses[finite]), np.argmax(losses[finite])]]
        return {int(place) * self.strides.get(number, 1) + 1 for place in ends}


def _even(updates: Sequence[Update], keep: set[int]) -> Iterator[Update]:
    """At most 4,096 updates that lie equally far apart, as far as they were recorded; the first, the last and
    the extremes too."""
    stride = 1
    while sum((update.step - 1) % stride == 0 for update in updates) > 4096:
        stride *= 2
    for place, update in enumerate(updates):
        if (update.step - 1) % stride == 0 or update.step in keep or place == len(updates) - 1:
            yield update


# ---- writing ---------------------------------------------------------------------------------------


class Recorder:
    """Writes what is seen of a running script into a folder. Silent in forked children.

    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> recorder = Recorder(folder, script="train.py")
    >>> number = recorder.loop(Loop(weights=("w",), shapes=((),)))
    >>> recorder.step(number, 4.0, 0.1)
    >>> recorder.update(Update(number, 1, 0, 0.0, 4.0, 0.1, 2.0, params=np.array([0.8])))
    >>> recorder.close("ended", 0)
    >>> read(folder).trace()[0].params
    array([0.8])
    """

    def __init__(self, folder, script: str = "", source: str = "", argv: Sequence[str] = (), kind="hand"):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.began = time.perf_counter()
        self.active = True
        self.recording_seconds = 0.0  # time that recording took, as far as it was measured
        self.tracks: dict[int, Track] = {}
        self._file = os.open(self.folder / NAME, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
        self._waiting: list[str] = []
        self._flushed = self.began
        self._header = {"format": FORMAT, "kind": kind, "script": str(script), "argv": list(argv)}
        self._source = ""
        self.source = source
        _alive.add(self)

    @property
    def source(self) -> str:
        """The text of the script."""
        return self._source

    @source.setter
    def source(self, source: str) -> None:
        self._source = source
        self._line("header", {**self._header, "source": source}, now=True)

    @property
    def seconds(self) -> float:
        """Since the recorder was made."""
        return time.perf_counter() - self.began

    def loop(self, loop: Loop) -> int:
        """Enter a loop; its number, from 1. With the number of a loop that is known: what is new about it."""
        number = loop.number or len(self.tracks) + 1
        loop = replace(loop, number=number)
        if number in self.tracks:
            self.tracks[number].loop = loop
        else:
            self.tracks[number] = Track(self, loop)
        self._line("loop", asdict(loop), now=True)
        return number

    def step(self, loop: int, loss: float, rate: float = NAN, epoch: int = 0) -> None:
        """Loss and rate of one update, of every one in order; a loss that is not known yet is NaN."""
        self.tracks[loop].step(loss, rate, epoch)

    def amend(self, loop: int, step: int, loss: float) -> None:
        """The loss of an update that was entered without it."""
        self.tracks[loop].amend(step, loss)

    def update(self, update: Update) -> None:
        """One update of the sample."""
        self.tracks[update.loop].update(update)
        if update.layers:
            self._line("layers", {"loop": update.loop, "step": update.step, "layers": update.layers})

    def validation(self, loop: int, step: int, loss: float) -> None:
        """The loss on validation rows after an update."""
        self._line("validation", {"loop": loop, "step": step, "loss": float(loss)})

    def curvature(self, curvature: Curvature) -> None:
        self._line("curvature", curvature._asdict())

    def fact(self, fact: Fact) -> None:
        self._line("fact", {**fact._asdict(), "numbers": dict(fact.numbers)})

    def stride(self, loop: int, stride: int) -> None:
        """From now on the loss of every `stride`-th update is stored."""
        self._line("stride", {"loop": loop, "stride": stride}, now=True)

    def flush(self) -> None:
        """What waits goes to the disk."""
        if self._waiting and self.active:
            content, self._waiting = "".join(self._waiting).encode("utf-8", "surrogatepass"), []
            while content:
                content = content[os.write(self._file, content) :]
        self._flushed = time.perf_counter()

    def close(self, end: str = "ended", exit_code: int | None = 0) -> None:
        """The last line: how the script ended. Nothing is written afterwards."""
        if not self.active:
            return
        with suppress(OSError):
            for track in self.tracks.values():
                track.close()
            times = {"seconds": self.seconds, "recording_seconds": self.recording_seconds}
            self._line("end", {"end": end, "exit_code": exit_code, **times}, now=True)
        self.abandon()

    def abandon(self) -> None:
        """Write nothing from now on, as in a forked child.

        Once only: a number of a closed file may meanwhile be the number of somebody else's.
        """
        if not self.active:
            return
        self.active = False
        with suppress(OSError):
            os.close(self._file)
        for track in self.tracks.values():
            track.abandon()

    def _line(self, kind: str, content: dict, now: bool = False) -> None:
        if not self.active:
            return
        self._waiting.append(json.dumps({kind: content}, default=_plain) + "\n")
        if now or time.perf_counter() - self._flushed > 0.5:
            with suppress(OSError):  # a full disk is no fault of the script
                self.flush()


_alive: weakref.WeakSet[Recorder] = weakref.WeakSet()


def _silence() -> None:
    for recorder in list(_alive):
        recorder.abandon()


if hasattr(os, "register_at_fork"):  # a DataLoader's workers, multiprocessing: their parent records
    os.register_at_fork(after_in_child=_silence)


def _plain(value: Any) -> Any:
    """NumPy's numbers and arrays as JSON has them; what is neither, as text."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return list(value) if isinstance(value, set | tuple) else str(value)


# ---- reading ---------------------------------------------------------------------------------------


def read(folder) -> Recording:
    """The recording in a folder, as far as it was written. Raises DownslopeError where there is none."""
    folder = Path(folder)
    try:
        lines = (folder / NAME).read_bytes().split(b"\n")
    except OSError as error:
        raise DownslopeError("watching.no_recording", path=folder, reason=error.strerror) from None
    recording = Recording()
    loops: dict[int, Loop] = {}
    layers: dict[tuple[int, int], dict] = {}
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:  # the last line was cut, or is empty
            continue
        ((kind, content),) = entry.items()
        match kind:
            case "header":
                recording.kind, recording.script = content["kind"], content["script"]
                recording.source, recording.argv = content["source"], tuple(content["argv"])
            case "loop":
                content |= {"weights": tuple(content["weights"])}
                content |= {"shapes": tuple(tuple(shape) for shape in content["shapes"])}
                loops[content["number"]] = Loop(**content)
            case "stride":
                recording.strides[content["loop"]] = content["stride"]
            case "layers":
                layers[content["loop"], content["step"]] = content["layers"]
            case "validation":
                pair = content["step"], content["loss"]
                recording.validation.setdefault(content["loop"], []).append(pair)
            case "curvature":
                recording.curvatures.append(Curvature(**content))
            case "fact":
                recording.facts.append(Fact(**content))
            case "end":
                recording.end, recording.exit_code = content["end"], content["exit_code"]
                recording.seconds = content["seconds"]
                recording.recording_seconds = content["recording_seconds"]
    recording.loops = [loops[number] for number in sorted(loops)]
    for number in loops:
        steps = read_steps(folder, number)
        recording.losses[number], recording.rates[number] = steps[:, 0].copy(), steps[:, 1].copy()
        recording.epochs[number] = steps[:, 2].astype(int) - 1
        rows = read_updates(folder, number)
        recording.updates[number] = [_update(number, row, layers) for row in rows]
    return recording


def _update(number: int, row: tuple, layers: dict[tuple[int, int], dict]) -> Update:
    step, epoch, seconds, loss, rate, norm, rows, (params, gradient, before) = row
    if gradient is not None and math.isnan(norm):
        with np.errstate(all="ignore"):
            norm = math.sqrt(float(np.dot(gradient, gradient)))
    plain = (number, step, epoch, seconds, loss, rate, norm, rows, params, gradient)
    return Update(*plain, None, layers.get((number, step)), before)
