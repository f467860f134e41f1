"""The first pass over rows that are too many to hold: what is learned of them, and how fast they come."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DownslopeError
from .block import Block, Filter
from .encoding import Encoding, Request
from .gathering import Gathered, Gathering
from .meter import Meter
from .parts import ahead, cut
from .reading import Table
from .room import Reading, limits, part_size
from .source import Source
from .summary import Summary

WIDE = 2_000  # encoded columns up to which second moments are held


@dataclass(frozen=True)
class Learned:
    """encoding: how columns become numbers.  known: what is known of each.  rows: of the source, less those
    `skipped`, which could not be read.  gathered: for plain numbers, what the model asks first.  pace: bytes
    of numbers a second, at which the source was decoded."""

    encoding: Encoding
    known: dict[str, Summary]
    rows: int
    skipped: int
    gathered: Gathered | None
    pace: float
    meter: Meter


def learned(origin: Source, filtered: Filter, reading: Reading) -> Learned:
    """One pass over the rows: how their columns become numbers, and for plain numbers all else, too."""
    request = filtered.request
    size, names = part_size(reading, len(request.columns)), request.columns
    meter, seconds, numbers = Meter(origin.rows, origin.bytes), [0.0], 0
    meter.begin_pass()
    skipped = [0]

    def lost(count: int) -> None:
        skipped[0] += count

    lenient = lost if reading.on_bad_row == "skip" else None
    scan = origin.scan(names, limits(origin, reading), meter, lenient)
    tables = cut(_timed(scan, seconds), size)
    known: dict[str, Summary] = {}
    plain = all(origin.kinds[name] == "numeric" for name in names) and request.weights is None
    gathering = Gathering(len(request.chosen)) if plain and len(names) <= WIDE else None
    rows = count = 0
    for number, table in enumerate(ahead(tables)):
        first = number * size
        rows += table.num_rows
        numbers += table.num_rows * len(names)
        block = Block.plain(table, names, filtered.held, first) if gathering is not None else None
        if block is None or gathering is None:
            gathering = None
            part, _ = filtered.rows(Table(table, origin.words), first)
            s = None if request.weights is None else part.numbers(request.weights)
            looked = {
                n: Summary.of(part, n, s, _counts(known, request, n)) for n in names if n != request.weights
            }
            count += len(part)
        else:
            looked = _summaries(block.columns, names, known, request)
            gathering.add_columns(block, len(request.targets), first)
            count += block.columns.shape[1]
        known = {n: known[n] + found for n, found in looked.items()} if known else looked
    if not known or not count:
        raise DownslopeError("data.no_rows", source=origin.words)
    encoding = request.encoding(known, count)
    pace = 8 * numbers / seconds[0] if seconds[0] else 0.0
    found = gathering.result if gathering is not None else None
    return Learned(encoding, known, rows, skipped[0], found, pace, meter)


def _counts(known: dict[str, Summary], request: Request, name: str) -> bool:
    """Whether the distinct numbers of a column are still to be counted: of a target, while they are few."""
    return name in request.targets and not (known and known[name].many)


def _summaries(
    columns: np.ndarray, names: Sequence[str], known: dict[str, Summary], request: Request
) -> dict[str, Summary]:
    b, found = columns.shape[1], {}
    for name, values in zip(names, columns):
        if not b:
            found[name] = Summary(name, "numeric")
            continue
        if _counts(known, request, name):
            found[name] = Summary.of(Table.read({name: values}), name, distinct=True)
            continue
        total = float(values.sum())
        sums = (float(b), total, total)
        low, high = float(values.min()), float(values.max())
        found[name] = Summary(name, "numeric", b, b, sums, low, high, {}, name in request.targets)
    return found


def _timed(items: Iterator[Any], seconds: list[float]) -> Iterator[Any]:
    """The same items; how long they took is added up."""
    while True:
        began = time.perf_counter()
        item = next(items, None)
        seconds[0] += time.perf_counter() - began
        if item is None:
            return
        yield item
