"""The first pass over rows that are too many to hold: what is learned of them, and how fast they come."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DownslopeError
from .block import Block, Filter
from .encoding import Encoding, Request
from .gathering import Gathered, Gathering
from .parts import Tree, ahead, cut
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


@dataclass(frozen=True)
class Looked:
    """What a look at a run of parts tells. That of neighbouring runs adds up, in the order of a `Tree`."""

    known: dict[str, Summary]
    rows: int
    count: int  # of them, those that count
    gathering: Gathering | None  # of plain numbers

    def __add__(self, other: Looked) -> Looked:
        plain = self.gathering is not None and other.gathering is not None
        runs = [run.gathering for run in (self, other) if run.gathering is not None]
        return Looked(
            _both(self.known, other.known),
            self.rows + other.rows,
            self.count + other.count,
            Gathering.together(runs) if plain else None,
        )


def learned(origin: Source, filtered: Filter, reading: Reading) -> Learned:
    """One pass over the rows: how their columns become numbers, and for plain numbers all else, too."""
    request = filtered.request
    size, names = part_size(reading, len(request.columns)), request.columns
    seconds = [0.0]
    origin.meter.begin_pass()
    skipped = [0]

    def lost(count: int) -> None:
        skipped[0] += count

    lenient = lost if reading.on_bad_row == "skip" else None
    scan = origin.scan(names, limits(origin, reading), origin.meter, lenient)
    looked = look(ahead(cut(_timed(scan, seconds), size)), 0, origin, filtered, reading)
    pace = 8 * looked.rows * len(names) / seconds[0] if looked and seconds[0] else 0.0
    return settled(looked, origin, filtered, skipped[0], pace)


def settled(
    looked: Looked | None, origin: Source, filtered: Filter, skipped: int = 0, pace: float = 0.0
) -> Learned:
    """What follows from a look at all parts."""
    if looked is None or not looked.count:
        raise DownslopeError("data.no_rows", source=origin.words)
    encoding = filtered.request.encoding(looked.known, looked.count)
    gathered = looked.gathering.result if looked.gathering is not None else None
    origin.meter.pass_rows = looked.rows  # of texts, nobody knew before
    return Learned(encoding, looked.known, looked.rows, skipped, gathered, pace)


def look(
    tables: Iterable[Any], number: int, origin: Source, filtered: Filter, reading: Reading
) -> Looked | None:
    """At parts, the first of which has the number `number`; None where there are none."""
    request = filtered.request
    size, names = part_size(reading, len(request.columns)), request.columns
    plain = all(origin.kinds[name] == "numeric" for name in names) and request.weights is None
    share = 1.0 if filtered.held is None else 1.0 - filtered.held.fraction
    gathering = None
    if plain and len(names) <= WIDE:
        gathering = Gathering.of_many(len(request.chosen), int(share * (origin.rows or 0)))
    tree, many, rows, count = Tree(_both), set(), 0, 0
    for place, table in enumerate(tables):
        first, rows = (number + place) * size, rows + table.num_rows
        counted = [name for name in request.targets if name not in many]
        block = Block.plain(table, names, filtered.held, first) if gathering is not None else None
        if block is None or gathering is None:
            gathering = None
            part, _ = filtered.rows(Table(table, origin.words), first)
            s = None if request.weights is None else part.numbers(request.weights)
            known = {n: Summary.of(part, n, s, n in counted) for n in names if n != request.weights}
            count += len(part)
        else:
            known = _summaries(block, names, counted, request)
            gathering.add_columns(block, len(request.targets), first)
            count += block.columns.shape[1]
        many |= {name for name in counted if known[name].many}
        tree.add(known)
    return None if tree.total is None else Looked(tree.total, rows, count, gathering)


def _both(one: dict[str, Summary], other: dict[str, Summary]) -> dict[str, Summary]:
    return {name: found + other[name] for name, found in one.items()}


def _summaries(
    block: Block, names: Sequence[str], counted: Sequence[str], request: Request
) -> dict[str, Summary]:
    """Of features, not how far they reach, which only a target is asked for."""
    b, found = block.columns.shape[1], {}
    for name, values, total in zip(names, block.columns, block.sums.tolist()):
        if not b:
            found[name] = Summary(name, "numeric")
            continue
        if name in counted:
            found[name] = Summary.of(Table.read({name: values}), name, distinct=True)
            continue
        sums, target = (float(b), total, total), name in request.targets
        low, high = (float(values.min()), float(values.max())) if target else (-np.inf, np.inf)
        found[name] = Summary(name, "numeric", b, b, sums, low, high, {}, target)
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
