"""Opens rows by name: in memory where they fit, as a Stream where they do not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DownslopeError
from . import memory
from .database import Limits
from .dataset import Dataset
from .learning import learn_encoding, learned
from .partitioned import PartitionedDataset, together
from .parts import Holdout, Meter, ReadOptions
from .reading import Table
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


def table_or_source(source: Any, reading: ReadOptions, formats: Any = None) -> Table | Source:
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


@dataclass(frozen=True)
class Cluster:
    """Where rows lie that other machines hold.  place: a Stream → its rows there.  learn: `Stream.open`'s."""

    place: Callable[[Stream], Any]
    learn: Callable[..., Any]


def read(
    source: Any,
    columns: Columns | Callable[[Sequence[str]], Columns],
    reading: ReadOptions,
    *,
    validation: str | None = None,
    holds_classes: Callable[[Any, Callable[[str], str]], bool] = lambda target, kind_of: False,
    cluster: Cluster | None = None,
    progress: Callable[[Meter], AbstractContextManager] | None = None,
) -> tuple[Any, Any]:
    """(rows to learn from, validation rows or None): the one way in for rows, of every door.

    columns: those that are used, or a function of the source's names.  validation: another source, encoded as
    the rows are; `reading.held` draws rows of this one.  holds_classes: (target, kind of a column) → whether
    its values are classes.  progress: shows how far passes over rows in parts have come.
    """
    if cluster is None:
        found = table_or_source(source, reading)
    else:
        found = opened_source(source, reading.encoding, reading.header)
    asked = columns(found.names) if callable(columns) else columns
    target = () if asked.target is None else asked.target
    chosen = target, asked.features, asked.weights
    if isinstance(found, Table):
        encoding = learn_encoding(found, *chosen, asked.exclude)
        rows = encoding.training_rows(found)
        rows = rows.labelled() if holds_classes(asked.target, found.kind) else rows
        if reading.held is not None:
            return split(rows, reading.held)
        if validation is None:
            return rows, None
        other = Table.read(validation, reading.encoding, reading.header, encoding.text_formats)
        held_out = encoding.apply(other)
        return rows, held_out.labelled(rows.classes) if rows.classes else held_out
    place, learn = (fitting, learned) if cluster is None else (cluster.place, cluster.learn)
    with nullcontext() if progress is None else progress(found.meter):
        stream = Stream.open(found, *chosen, reading, asked.exclude, learn)
        stream = stream.labelled() if holds_classes(asked.target, stream.origin.kind_of) else stream
        if progress is not None:
            assert stream.gathered  # a second pass over some rows, which every model asks for: shown here
        if validation is None and reading.held is None:
            return place(stream), None
    other_rows = stream.with_source(validation) if validation is not None else stream.held_out
    return place(stream), place(other_rows)


def split(dataset: Dataset, held: Holdout) -> tuple[Dataset, Dataset]:
    """Training rows and validation rows. A class that is among the second only is refused by its name."""
    try:
        train, held_out = dataset.split(held.fraction, held.seed)
        if not dataset.classes:
            return train, held_out
        train = train.labelled()
        return train, held_out.labelled(train.classes)
    except DownslopeError as error:
        if error.key not in ("data.unknown_class", "data.one_class") or dataset.y is None:
            raise
        counts = np.bincount(dataset.y.astype(int))
        lost = [value for value in dataset.classes if value != error.facts["value"]]
        value = error.facts["value"] if error.key == "data.unknown_class" else lost[0]
        count = int(counts[dataset.classes.index(value)])
        facts = {"column": dataset.targets[0], "value": value, "count": count}
        raise DownslopeError("data.class_held_out", **facts) from None


def fitting(stream: Stream) -> Any:
    """The same rows in memory, if they fit."""
    numbers = len(stream) * (len(stream.features) + 2)
    if 2 * 8 * numbers > memory.budget(stream.reading.memory):
        return stream
    return in_memory(stream)


def in_memory(rows: PartitionedDataset) -> Dataset:
    """All parts, one after the other."""
    whole = together([part for part in rows.each() if len(part)])
    return replace(whole, notes=rows.notes, drawn_in_parts=rows.drawn_in_parts)


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


def read_dataset(
    source: Any,
    target: str | Sequence[str] | None,
    features: Sequence[str] | None,
    weights: str | None,
    exclude: Sequence[str] | None,
    reading: ReadOptions | None,
) -> Any:
    """What `Dataset.read` returns."""
    return read(source, Columns(target, features, weights, exclude), reading or ReadOptions())[0]
