"""Rows in parts: cut by their number alone, read ahead, and sums over them added in an order of their own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any

import numpy as np

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
