"""How much was read, how fast, and what memory it took: for showing the progress of a long read."""

from __future__ import annotations

import sys
import time
from threading import Lock
from typing import NamedTuple

WINDOW = 5.0  # seconds: speeds are those of the last five to ten


class Meter:
    """rows and bytes read so far, over all passes: counters that only grow.

    Readers add to it, from any thread; the progress bar reads it, from another.
    `pass_rows` and `pass_bytes` are what one whole pass holds, None while nobody knows.

    >>> meter = Meter(pass_rows=100)
    >>> meter.begin_pass()
    >>> meter.add(rows=25, bytes=2_000)
    >>> meter.rows, meter.bytes, meter.passes, meter.share
    (25, 2000, 1, 0.25)
    """

    def __init__(self, pass_rows: int | None = None, pass_bytes: int | None = None):
        self.pass_rows, self.pass_bytes = pass_rows, pass_bytes
        self.rows = self.bytes = self.passes = 0
        self._before = (0, 0)  # rows and bytes when this pass began
        self._lock = Lock()

    def begin_pass(self) -> None:
        """The next pass over the rows begins, and with it the next `share`."""
        with self._lock:
            self.passes += 1
            self._before = (self.rows, self.bytes)

    def add(self, rows: int, bytes: int) -> None:
        """So many more were read."""
        with self._lock:
            self.rows += rows
            self.bytes += bytes

    def __reduce__(self):
        return Meter, (self.pass_rows, self.pass_bytes)  # in another process it counts from 0

    @property
    def share(self) -> float | None:
        """How much of this pass is read, 0 to 1; None where no pass has begun, or nobody knows its size."""
        with self._lock:
            done = self.rows - self._before[0], self.bytes - self._before[1]
        for part, whole in zip(done, (self.pass_rows, self.pass_bytes)):
            if self.passes and whole:
                return min(1.0, part / whole)
        return None


class Memory(NamedTuple):
    """What a process holds of the machine's memory, in bytes; None where the system does not report it."""

    resident: int | None = None
    peak: int | None = None


def memory() -> Memory:
    """The memory of this process: now, and at most.

    >>> used = memory()
    >>> used.peak is None or used.peak > 1_000_000
    True
    """
    import psutil

    found = psutil.Process().memory_info()
    peak: int | None
    try:
        import resource  # not on Windows, which counts the peak itself

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    except ImportError:
        peak = getattr(found, "peak_wset", None)
    return Memory(found.rss, peak)


class Throughput:
    """Rows and bytes a second of a meter, over the last seconds.

    For one thread: each observer has a Throughput of its own.
    """

    def __init__(self, meter: Meter | None):
        self.meter = meter
        self._older = self._newer = self._mark(time.monotonic())
        self._memory, self._asked = Memory(), -1.0

    def _mark(self, now: float) -> tuple[float, int, int]:
        return (now, 0, 0) if self.meter is None else (now, self.meter.rows, self.meter.bytes)

    def speeds(self) -> tuple[float | None, float | None]:
        """(rows a second, bytes a second); None where nothing counts them, or nothing has been read."""
        if self.meter is None or not self.meter.rows:
            return None, None
        then, rows, size = self._older
        now, rows_now, size_now = mark = self._mark(time.monotonic())
        if now - self._newer[0] >= WINDOW:
            self._older, self._newer = self._newer, mark
        seconds = now - then
        if seconds <= 0:
            return None, None
        return (rows_now - rows) / seconds, (size_now - size) / seconds

    def memory(self) -> Memory:
        """The memory of the process, queried at most once a second."""
        now = time.monotonic()
        if now - self._asked >= 1.0:
            self._memory, self._asked = memory(), now
        return self._memory
