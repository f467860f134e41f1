"""Opens rows by name: in memory where they fit, as a Stream where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import DownslopeError
from . import memory
from .database import Limits
from .dataset import Dataset
from .encoding import Encoding, training_dataset
from .parted import Parted
from .reading import Table
from .request import Reading
from .source import Source, opened_source
from .stream import Stream

COPIES = 3  # of its numbers, that a table takes while it is read and encoded


@dataclass(frozen=True)
class Columns:
    """Which columns of the source are used, as what; see `Dataset.read`."""

    target: str | Sequence[str] | None = None
    features: Sequence[str] | None = None
    weights: str | None = None
    exclude: Sequence[str] | None = None


def table_or_source(source: Any, reading: Reading, formats: Any = None) -> Table | Source:
    """A table in memory; the source where it would not fit, or where its bad rows are to be looked after.
    formats: how cells of text are read, if known."""
    if not isinstance(source, str | Path):
        return Table.read(source, formats=formats)
    words, most = str(source), memory.budget(reading.memory)
    opened = opened_source(words, reading.encoding, reading.header)
    if reading.on_bad_row is not None:
        return opened
    if opened.kind == "query":
        return _queried(opened, most, formats)
    return Table.of(opened, formats) if COPIES * 8 * opened.numbers <= most else opened


def read(source: Any, columns: Columns, reading: Reading) -> Dataset | Stream:
    """The rows of a table; see `Dataset.read`."""
    found = table_or_source(source, reading)
    asked = columns.target or (), columns.features, columns.weights
    if isinstance(found, Table):
        encoding = Encoding.learn(found, *asked, columns.exclude)
        dataset = training_dataset(encoding, found)
        return dataset if reading.held is None else dataset.split(reading.held.fraction, reading.held.seed)[0]
    return fitting(Stream.open(found, *asked, reading, columns.exclude))


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


def _queried(query: Source, most: int, formats: Any) -> Table | Source:
    """What a query gives; the query itself, once that is seen to be too much."""
    import pyarrow as pa

    held: list[Any] = []
    size = 0
    for batch in query.raw(query.names, Limits(bytes=max(most, 10**9))):
        held.append(batch)
        size += batch.nbytes
        if COPIES * size > most:
            return query
    if not held:
        raise DownslopeError("data.no_rows", source=query.words)
    return Table.of_cells(query, pa.Table.from_batches(held), formats)
