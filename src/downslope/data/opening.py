"""Rows that are asked for by name: in memory where they fit, a Stream where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import DownslopeError
from . import memory
from .database import Limits, QueryError, batches_of, in_one_line, query_of
from .dataset import Dataset
from .delimited import settled
from .encoding import Encoding, training_dataset
from .parted import Parted
from .reading import QUERY, Table, exists, files_of
from .room import Reading
from .source import Source, opened_source
from .stream import Stream

COPIES = 3  # of its numbers, that a table takes while it is read and encoded
PACKED = 40  # times that files may unpack to, as a first guess


@dataclass(frozen=True)
class Columns:
    """Which columns of the source are asked for, as what; see `Dataset.read`."""

    target: str | Sequence[str] | None = None
    features: Sequence[str] | None = None
    weights: str | None = None


def table_or_source(source: Any, reading: Reading) -> Table | Source:
    """A table in memory; the source where it would not fit, or where its bad rows are to be looked after."""
    words = str(source) if isinstance(source, str | Path) else None
    if words is None:
        return Table.read(source)
    most = memory.budget(reading.memory)
    if QUERY.match(words) and not exists(Path(words)):
        return opened_source(words) if reading.on_bad_row else _queried(words, most)
    size = sum(path.stat().st_size for path in files_of(words))
    if reading.on_bad_row is None and PACKED * size <= most:
        return Table.read(words, reading.encoding, reading.header)
    opened = opened_source(words, reading.encoding, reading.header)
    if reading.on_bad_row is None and COPIES * 8 * opened.numbers <= most:
        return Table.read(words, reading.encoding, reading.header)
    return opened


def read(source: Any, columns: Columns, reading: Reading) -> Dataset | Stream:
    """The rows of a table; see `Dataset.read`."""
    found = table_or_source(source, reading)
    if isinstance(found, Table):
        encoding = Encoding.learn(found, columns.target or (), columns.features, columns.weights)
        dataset = training_dataset(encoding, found)
        return dataset if reading.held is None else dataset.split(reading.held.fraction, reading.held.seed)[0]
    return fitting(Stream.open(found, columns.target, columns.features, columns.weights, reading))


def fitting(stream: Stream) -> Any:
    """The same rows in memory, if they fit."""
    numbers = len(stream) * (len(stream.features) + 2)
    if 2 * 8 * numbers > memory.budget(stream.reading.memory):
        return stream
    return in_memory(stream)


def in_memory(rows: Parted) -> Dataset:
    """All parts, one after the other."""
    import numpy as np

    parts = [part for part in rows.each() if len(part)]
    weights: Any = [part.weights for part in parts]
    return replace(
        parts[0],
        X=np.concatenate([part.X for part in parts]),
        y=None if parts[0].y is None else np.concatenate([part.y for part in parts]),
        weights=None if weights[0] is None else np.concatenate(weights),
        notes=rows.notes,
    )


def _queried(words: str, most: int) -> Table | Source:
    """What a query gives; the query itself, once that is seen to be too much."""
    import pyarrow as pa

    held: list[Any] = []
    size = 0
    try:
        for batch in batches_of(query_of(words), None, Limits(bytes=max(most, 10**9))):
            held.append(batch)
            size += batch.nbytes
            if COPIES * size > most:
                return opened_source(words)
    except QueryError as error:
        raise DownslopeError("data.sql", reason=in_one_line(error)) from None
    if not held:
        return Table.read(words)  # which says that there is no row
    table = Table.read(settled(pa.Table.from_batches(held), decimal_comma=False))
    return replace(table, source=words)
