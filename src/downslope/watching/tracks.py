"""The two binary files of one loop, memory-mapped: every step's loss, and a sample of whole updates."""

from __future__ import annotations

import mmap
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .records import Loop, Recorder, Update

NUMBERS = 10_000  # of weights, above which a step has no params
STEPS = 1 << 22  # updates whose loss is stored; beyond, every second, every fourth, …
STEP = struct.Struct("<ddd")  # loss, rate, epoch + 1 (0: not written yet)
HEAD = struct.Struct("<dddddddd")  # step + 1, epoch, seconds, loss, rate, gradient norm, rows, which vectors


class Track:
    """The two binary files of one loop."""

    def __init__(self, recorder: Recorder, loop: Loop):
        self.recorder, self.loop = recorder, loop
        self.count = 0  # updates so far
        self.next = 0  # the count at which the next update is one of the sample
        self.stride = 1  # of the sample
        self.sampled = 0
        self.steps = Growing(recorder.folder / f"steps-{loop.number}.bin", STEP.size)
        self.stored_stride = 1  # of the steps that are stored
        self.updates: Growing | None = None
        self.size = 0  # numbers of a vector in a record
        self.capacity = 64  # records of the sample before every second one is left out
        self.last = 0  # the last step of the sample

    def step(self, loss: float, rate: float, epoch: int) -> None:
        first, steps = self.count * STEP.size, self.steps
        end = first + STEP.size
        if end <= steps.size and self.stored_stride == 1 and self.count + 1 < STEPS and steps.map is not None:
            STEP.pack_into(steps.map, first, loss, rate, epoch + 1)  # the quick path: nothing grows
            steps.used = end
        elif self.recorder.active:
            place, rest = divmod(self.count, self.stored_stride)
            if not rest:
                self.steps.write(place, loss, rate, epoch + 1)
                if place + 1 >= STEPS:
                    self.halve()
        self.count += 1

    def columns(self) -> list[Any]:
        """Loss, rate and epoch + 1 of the steps that fit into the file as it is; empty beyond `STEPS`."""
        return self.steps.columns(3, STEPS - 1) if self.stored_stride == 1 else [(), (), ()]

    def reached(self, count: int) -> None:
        """So many updates were written, some of them into the `columns`."""
        if count > self.count:
            self.count = count
            self.steps.used = max(self.steps.used, count * STEP.size)

    def rates(self) -> np.ndarray:
        """(stored steps,) the rate of each update."""
        return np.frombuffer(self.steps.content(), "<f8").reshape(-1, 3)[:, 1]

    def halve(self) -> None:
        """Every second of the stored steps."""
        rows = np.frombuffer(self.steps.content(), dtype="<f8").reshape(-1, 3)[:STEPS:2].copy()
        self.steps.replace(rows.tobytes())
        self.stored_stride *= 2
        self.recorder.stride(self.loop.number, self.stored_stride)

    def amend(self, step: int, loss: float) -> None:
        place, rest = divmod(step - 1, self.stored_stride)
        if self.recorder.active and not rest:
            self.steps.write(place, loss)

    def update(self, update: Update) -> None:
        """Write one of the sample, and decide when the next one is due."""
        head = (update.step, update.epoch, update.seconds, update.loss, update.rate, update.gradient_norm)
        vectors = (update.params, update.gradient, update.before)
        self.sample((*head, update.rows), *(None if v is None else [np.asarray(v, float)] for v in vectors))
        if update.validation is not None:
            self.recorder.validation(self.loop.number, update.step, update.validation)

    def sample(self, head: tuple, *vectors: list | None) -> None:
        """The same from its numbers (step, epoch, seconds, loss, rate, gradient norm, rows), and params,
        gradient and weights before, each in parts: floats, and arrays (p,) of float64. A norm that is NaN is
        that of the gradient."""
        if not self.recorder.active:
            return
        step, fits = head[0], 0
        if self.updates is None:
            self._open(max(map(_size, vectors)))
        numbers = self.updates.record(self.sampled) if self.updates is not None else None
        if numbers is not None:
            place = 8
            for bit, parts in enumerate(vectors):
                if parts is not None and 0 < _size(parts) == self.size:
                    fits |= 1 << bit
                    at = place
                    for part in parts:
                        if type(part) is float:
                            numbers[at] = part
                            at += 1
                        else:
                            numbers[at : at + len(part)] = part
                            at += len(part)
                place += self.size
            HEAD.pack_into(numbers, 0, step + 1, *head[1:], fits)
        self.sampled += 1
        self.last = step
        while step >= self.capacity * self.stride:
            self.stride *= 2
        self.next = -(-max(1, step) // self.stride) * self.stride if step else 0

    def _open(self, size: int) -> None:
        self.size = size if size <= NUMBERS else 0
        name = f"updates-{self.loop.number}-{self.size}.bin"
        self.updates = Growing(self.recorder.folder / name, HEAD.size + 24 * self.size)
        self.capacity = max(64, min(4096, 150_000 // max(1, self.size)))

    def sparser(self, stride: float) -> None:
        """Take two neighbours of `stride` updates at most into the sample, from now on."""
        while self.stride < stride:
            self.stride *= 2
        first = self.last % self.stride == 1
        self.next = self.last if first else -(-self.last // self.stride) * self.stride

    def close(self) -> None:
        for file in (self.steps, self.updates):
            if file is not None:
                file.close()

    def abandon(self) -> None:
        for file in (self.steps, self.updates):
            if file is not None:
                file.abandon()


class Growing:
    """A memory-mapped file of records of one length, that doubles when it is full."""

    def __init__(self, path: Path, length: int):
        self.path, self.length = path, length
        self.used = 0
        self.size = max(1 << 16, length)
        self.open = True
        self.file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
        self.map: mmap.mmap | None = None
        self.views: list[Any] = []  # of the mapping: columns, and all its numbers
        self._grow(self.size)

    def _grow(self, size: int) -> None:
        self._unmap()
        if hasattr(os, "posix_fallocate"):  # a full disk shows here, not as a SIGBUS at a write
            os.posix_fallocate(self.file, 0, size)
        else:
            os.ftruncate(self.file, size)
        self.size = size
        self.map = mmap.mmap(self.file, size)
        self.views = [memoryview(self.map).cast("d")]

    def record(self, place: int) -> Any:
        """The float64 of a record, to be written; None where the disk is full."""
        first, end = place * self.length, (place + 1) * self.length
        if self.map is None:
            return None
        if end > self.size:
            try:
                self._grow(max(2 * self.size, end))
            except OSError:  # a full disk is no fault of the script
                return None
        self.used = max(self.used, end)
        return self.views[-1][first // 8 : end // 8]

    def write(self, place: int, *numbers: float) -> None:
        """A record, or the beginning of one."""
        record = self.record(place)
        for index, number in enumerate(numbers if record is not None else ()):
            record[index] = number

    def columns(self, width: int, most: int) -> list[Any]:
        """The columns of at most so many records of `width` float64, to be written; until the file grows."""
        if self.map is None:
            return [()] * width
        if len(self.views) == 1:
            numbers = self.views[0]
            end = width * min(len(numbers) // width, most)
            self.views = [*(numbers[place:end:width] for place in range(width)), numbers]
        return self.views[:width]

    def content(self) -> bytes:
        return b"" if self.map is None else self.map[: self.used]

    def replace(self, content: bytes) -> None:
        """Other records in the place of all."""
        if self.map is not None:
            self.map[: self.used] = content + bytes(self.used - len(content))
            self.used = len(content)

    def close(self) -> None:
        """The file ends where its last record ends."""
        if self.open:
            self._unmap()
            os.ftruncate(self.file, self.used)
            self.abandon()

    def abandon(self) -> None:
        self._unmap()
        if self.open:
            self.open = False  # its number may be another file's from now on
            os.close(self.file)

    def _unmap(self) -> None:
        for view in self.views:
            view.release()
        self.views = []
        if self.map is not None:
            self.map.close()
            self.map = None


def _size(parts: list | None) -> int:
    """How many numbers there are; 0 where one is not known."""
    size = 0
    for part in parts or ():
        if type(part) is float:
            size += 1
        elif part is None:
            return 0
        else:
            size += len(part)
    return size


def read_steps(folder: Path, number: int) -> np.ndarray:
    """(steps, 3): loss, rate, epoch + 1 of every update of a loop."""
    path = folder / f"steps-{number}.bin"
    raw = path.read_bytes() if path.exists() else b""
    rows = np.frombuffer(raw, dtype="<f8", count=len(raw) // STEP.size * 3).reshape(-1, 3)
    return rows[rows[:, 2] > 0]


def read_updates(folder: Path, number: int) -> list[tuple]:
    """Of each record: step, epoch, seconds, loss, rate, gradient norm, rows, (params, gradient, before)."""
    found: dict[int, tuple] = {}
    for path in folder.glob(f"updates-{number}-*.bin"):
        size = int(path.stem.rpartition("-")[2])
        length = HEAD.size // 8 + 3 * size
        raw = path.read_bytes()
        rows = np.frombuffer(raw, dtype="<f8", count=len(raw) // (8 * length) * length).reshape(-1, length)
        for row in rows[rows[:, 0] > 0]:
            step, which = int(row[0]) - 1, int(row[7])
            vectors = row[8:].reshape(3, size).copy()
            parts = tuple(vectors[bit] if which >> bit & 1 else None for bit in range(3))
            found[step] = (step, int(row[1]), *map(float, row[2:6]), int(row[6]), parts)
    return [found[step] for step in sorted(found)]
