"""Rows in parts: how they are cut by their number alone, which of them are drawn, how they are read ahead and
counted, and sums over them added in an order of their own."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arguments import a, check, is_number
from ..errors import DownslopeError
from ..kernels.threads import threads as cores
from . import memory
from .charset import known
from .database import Limits
from .memory import Memory, in_use

if TYPE_CHECKING:
    from .source import Source

GRAIN = 1024  # rows: every part is a multiple of them
NUMBERS = 2**22  # of a part: 32 MB
LARGEST = 2**17  # rows of a part
DRAW = 2**14  # rows whose numbers are drawn together
MOST_READERS = 8  # threads that read ahead, in a process
_readers: set[threading.Thread] = set()


def part_rows(columns: int) -> int:
    """Rows of a part, for rows of so many numbers: a power of two that depends on nothing else.

    >>> part_rows(30), part_rows(5_000)
    (131072, 1024)
    """
    return max(GRAIN, min(LARGEST, 2 ** int(np.log2(NUMBERS / max(1, columns)))))


def cut(batches: Iterable[Any], rows: int) -> Iterator[Any]:
    """The rows of some RecordBatches in pyarrow Tables of so many rows each, the last one shorter."""
    import pyarrow as pa

    held: list[Any] = []
    have = 0
    for batch in batches:
        held.append(batch)
        have += batch.num_rows
        while have >= rows:
            table = pa.Table.from_batches(held)
            yield table.slice(0, rows)
            have -= rows
            held = table.slice(rows).to_batches() if have else []
    if have:
        yield pa.Table.from_batches(held)


def drawn(first: int, count: int, seed: int, stream: int) -> np.ndarray:
    """Numbers in [0, 1) for rows first, first + 1, …, drawn by the row's number: always the same ones.

    >>> bool((drawn(1000, 2000, 0, 0)[100:] == drawn(1100, 1900, 0, 0)).all())
    True
    """
    low, high = first // DRAW, -(-(first + count) // DRAW)
    draws = [
        np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, stream, number])).random(DRAW)
        for number in range(low, high)
    ]
    return np.concatenate(draws)[first - low * DRAW :][:count] if draws else np.empty(0)


def ahead(items: Iterable[Any], depth: int = 2) -> Generator[Any, None, None]:
    """The same items; another thread makes the next ones while the last is used. Where MOST_READERS are at
    work already, as for generators that are held half-way, they are made in the caller's."""
    if len(_readers) >= MOST_READERS:
        yield from items
        return
    line: queue.Queue = queue.Queue(depth)
    begun, over = threading.Event(), threading.Event()

    def put(entry: tuple) -> bool:
        while not over.is_set():
            try:
                line.put(entry, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def make() -> None:
        begun.set()
        try:
            for item in items:
                if not put((item, None)):
                    break
            put((None, StopIteration()))
        except BaseException as error:  # raised again where the item is asked for
            put((None, error))
        finally:
            if hasattr(items, "close"):
                items.close()

    maker = threading.Thread(target=make, name="downslope-reader", daemon=True)
    _readers.add(maker)
    try:
        maker.start()  # Ctrl-C may come in here: a reader that outlives the program brings it down
        while True:
            item, error = line.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item
    finally:
        _readers.discard(maker)
        over.set()
        if begun.wait(1.0):
            maker.join()


def plus(one: Any, other: Any) -> Any:
    """Their sum: of tuples one by one, and of a part without rows, None, the other alone.

    >>> plus((1, 2.0), (3, 4.0)), plus(None, 5)
    ((4, 6.0), 5)
    """
    if one is None or other is None:
        return other if one is None else one
    return tuple(map(plus, one, other)) if isinstance(one, tuple) else one + other


class PairwiseSum:
    """Sums over parts: neighbours first, then pairs of neighbours, …: an order that follows from the number
    of parts alone, so that parts which lie on several machines give the same bits.

    >>> tree = PairwiseSum()
    >>> for part in "abcde":
    ...     tree.add(part)
    >>> tree.total
    'abcde'
    """

    def __init__(self, plus: Callable[[Any, Any], Any] = plus):
        self._plus = plus
        self._heights: list[tuple[int, Any]] = []  # whole trees of 2ʰ parts, the highest first

    def add(self, part: Any, height: int = 0) -> None:
        """The sum over the next 2^height parts."""
        while self._heights and self._heights[-1][0] == height:
            part = self._plus(self._heights.pop()[1], part)
            height += 1
        self._heights.append((height, part))

    @property
    def total(self) -> Any:
        """Of all parts so far; None of none."""
        parts = [part for _, part in self._heights]
        if not parts:
            return None
        total = parts.pop()
        while parts:
            total = self._plus(parts.pop(), total)
        return total


# ---- how much was read, and how fast ----------------------------------------------------------------------


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
            self._memory, self._asked = in_use(), now
        return self._memory


# ---- how rows are read: in what memory, in what parts, and what becomes of bad ones --------------------


HELD = 1  # what numbers are drawn for
ON_BAD_ROW = ("skip", "fail")


@dataclass(frozen=True)
class Holdout:
    """A split: validation rows are those whose random number is below `fraction`. `out`: select these rows,
    or all others."""

    fraction: float
    seed: int = 0
    out: bool = False

    def __post_init__(self):
        if not (is_number(self.fraction) and 0 < self.fraction < 1):
            raise DownslopeError("data.split_fraction", fraction=self.fraction)

    def kept(self, first: int, count: int) -> np.ndarray:
        """Which of the rows first, first + 1, … are selected."""
        return (drawn(first, count, self.seed, HELD) < self.fraction) == self.out


@dataclass(frozen=True)
class ReadOptions:
    """How rows are read: within `memory` bytes ("2GB"; None: half of the free memory), in parts of `rows`
    rows (None: 32 MB).  on_bad_row: "skip" skips and counts rows with a missing value, or with text in a
    numeric column; "fail" stops at the first; None fills missing values with the mean and refuses text.
    held: the fraction of rows for validation. encoding, header: set the encoding of text files ("gb18030")
    and whether the first line is a header, instead of detecting them.

    >>> ReadOptions("2GB").memory
    '2GB'
    """

    memory: Any = None
    rows: int | None = None
    on_bad_row: str | None = None
    held: Holdout | None = None
    encoding: str | None = None
    header: bool | None = None

    def __post_init__(self):
        if not isinstance(self.on_bad_row, str | None) or self.on_bad_row not in (None, *ON_BAD_ROW):
            raise DownslopeError("data.on_bad_row", asked=self.on_bad_row)
        if self.rows is not None and not (isinstance(self.rows, int) and self.rows >= 1):
            raise DownslopeError("data.part_rows", asked=self.rows)
        check(self, held=a("Holdout", none=True))
        memory.budget(self.memory)
        if self.encoding is not None:
            known(self.encoding)


def part_size(reading: ReadOptions, columns: int) -> int:
    """Rows of a part. Refused where the memory that is allowed can not hold a few of the least parts."""
    most = memory.budget(reading.memory)
    if reading.rows is not None:
        size = reading.rows
    else:
        size = part_rows(columns)
    if 8 * size * columns * 8 > most and reading.rows is None:
        size = max(GRAIN, 2 ** int(np.log2(max(1, most / (64 * columns)))))
    if 4 * size * columns * 8 > most:
        facts = {"rows": f"{size:,}", "columns": columns, "needed": f"{32 * size * columns / 1e6:,.0f} MB"}
        raise DownslopeError("data.memory_for_part", memory=f"{most / 1e6:,.0f} MB", **facts)
    return size


def limits(origin: Source, reading: ReadOptions) -> Limits:
    """Rows of a batch, threads and memory for DuckDB: pieces of Parquet are unpacked whole, one a thread."""
    most = memory.budget(reading.memory)
    fits = most // 2 // max(1, 2 * origin.group)
    threads = int(max(1, min(cores(), fits)))
    batch = int(max(GRAIN, min(2**16, 2**23 // max(1, len(origin.names)) // GRAIN * GRAIN)))
    return Limits(batch, threads, max(most, 2 * origin.group))  # held tighter, it would wait for itself
