"""The first pass over the rows of Parquet files, made by the workers: each looks at a run of parts."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from operator import add

from ..data.learning import Filter, FirstPass, PartialPass, infer_types, learned, look
from ..data.parts import ReadOptions, limits, part_size
from ..data.source import Source
from .connection import Connection
from .sharded import at_once, height_of


def learned_by(connection: Connection, origin: Source, filtered: Filter, reading: ReadOptions) -> FirstPass:
    """The result of `learned`, to the last bit; files that cannot be read from the middle are read by this
    process."""
    if not origin.at_random or origin.rows is None:
        return learned(origin, filtered, reading)
    return learned(origin, filtered, reading, partial(_by_workers, connection))


def _by_workers(connection: Connection, origin: Source, filtered: Filter, reading: ReadOptions) -> FirstPass:
    assert origin.rows is not None
    size = part_size(reading, len(filtered.request.columns))
    count, workers = -(-origin.rows // size), len(connection.workers)
    run = 2 ** height_of(count, workers)
    there = replace(origin, paths=tuple(path.resolve() for path in origin.paths))
    given = connection.begin(_given, there, filtered, replace(reading, rows=size))
    firsts = range(0, count, run)
    begun = [connection.begin(_looked, given, first, min(first + run, count)) for first in firsts]
    origin.meter.begin_pass()
    looked = at_once(connection, begun, add)
    origin.meter.add(origin.rows, origin.bytes or 0)
    return infer_types(looked, origin, filtered)


def _given(*parts):
    return parts


def _looked(given: tuple[Source, Filter, ReadOptions], first: int, last: int) -> PartialPass | None:
    origin, filtered, reading = given
    size, names = part_size(reading, len(filtered.request.columns)), filtered.request.columns
    tables = origin.parts(names, size, first, last, limits(origin, reading))
    return look(tables, first, origin, filtered, reading)
