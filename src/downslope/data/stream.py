"""Rows that do not fit in memory, read in parts at every pass: a Dataset on disk.

One pass learns how columns become numbers, and, where all columns are numbers without a missing value, all
that later passes need: their second moments, the rows of each part, a sample. Elsewhere a second pass does
that. The rules are those of rows in memory: what is unknown stands at the mean of the rows learned from, text
has an indicator for each category but the most frequent, rows without a target are left out.

Parts are cut by the number of a row alone. So the bits of an answer do not depend on how many files the rows
lie in, on the size of what is read at a time, on memory or on threads; only on the rows of a part.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from ..errors import DownslopeError, DownslopeWarning, Renamed, warn_renamed
from ..messages import text
from .database import Limits
from .dataset import Dataset, Note
from .encoding import ColumnRequest, Encoding
from .learning import WIDE, Filter, FirstPass, NumericBlock, learned
from .memory import Cache, room_on_disk
from .partitioned import GROUP, PartitionedDataset, RowStats, RowStatsBuilder, encoded, labelled, rows_by_row
from .partitioned import permuted as _permuted
from .parts import Holdout, Meter, ReadOptions, ahead, cut, limits, part_size
from .reading import Table, stray_refused
from .source import Source, opened_source
from .statistics import Summary

PIECES = 16  # of a part, that are drawn by themselves where rows lie in some order
DRIFT = 0.01  # of a column's variance that lies between parts, from which the order of rows matters
SLOW = 4e8  # bytes of numbers a second: a source that is decoded no faster is kept on the disk


@dataclass(frozen=True, eq=False, repr=False)
class Stream(PartitionedDataset):
    """n rows (xᵢ, yᵢ, sᵢ) that stay in their source; see `Dataset` for the common names."""

    origin: Source
    filter: Filter
    reading: ReadOptions
    encoding: Encoding
    known: dict[str, Summary]  # of the rows that count
    rows: int  # of the source, those that could not be read left out
    skipped: int = 0  # of the source: they could not be read
    classes: tuple[Any, ...] = ()
    gathered_at_once: RowStats | None = None  # in the pass that learned
    pace: float = 0.0  # bytes of numbers a second, at which the source was decoded
    said: tuple[Note, ...] = ()  # of rows that were left out
    asked: ColumnRequest | None = None  # before columns that do not serve were left out
    apart: bool = False  # rows of another source than the encoding was learned on

    @classmethod
    def open(
        cls,
        source: Any,
        target: str | Sequence[str] | None,
        features: Sequence[str] | None = None,
        weights: str | None = None,
        reading: ReadOptions | None = None,
        exclude: Sequence[str] | None = None,
        learn: Callable[[Source, Filter, ReadOptions], FirstPass] = learned,
    ) -> Stream:
        """The rows of files or a query, whose encoding is learned in one pass. Other arguments as for
        `Dataset.read`.

        >>> Stream.open("SELECT range AS x, 2 * range + 1 AS y FROM range(5000)", "y")
        Stream(rows=5000, features=1, targets=('y',), source='SELECT range AS x, 2 * range + 1 AS y ...')
        """
        reading = reading or ReadOptions()
        origin = source
        if not isinstance(origin, Source):
            origin = opened_source(str(source), reading.encoding, reading.header)
        request = ColumnRequest.of(origin.names, target or (), features, weights, origin.words, exclude)
        return cls.after(origin, Filter(request, reading.on_bad_row, reading.held), reading, learn)

    @classmethod
    def after(cls, origin: Source, filtered: Filter, reading: ReadOptions, learn=learned) -> Stream:
        """The rows of an opened source."""
        first = learn(origin, filtered, reading)
        serving = replace(filtered, request=first.request)
        rows = (first.known, first.rows, first.skipped, first.encoding.classes)
        more: dict[str, Any] = {"pace": first.pace, "said": first.said, "asked": filtered.request}
        stream = cls(first.origin, serving, reading, first.encoding, *rows, **more)
        same_parts = stream.size == part_size(reading, len(first.request.columns))
        return replace(stream, gathered_at_once=first.gathered if same_parts else None)

    # ---- the fields of a Dataset -----------------------------------------------------------------

    def __len__(self) -> int:
        return self.count

    @cached_property
    def count(self) -> int:
        """Rows that count."""
        some = next(iter(self.known.values()), None)
        return some.rows if some is not None and not self.apart else int(sum(self.gathered.counts))

    @property
    def meter(self) -> Meter:
        """Counts what is read, from the source or its cache."""
        return self.origin.meter

    @property
    def features(self) -> tuple[str, ...]:
        return self.encoding.features

    @property
    def targets(self) -> tuple[str, ...]:
        return self.encoding.targets

    @property
    def source(self) -> str:
        return self.origin.words

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was left out, filled in or skipped."""
        notes: list[Note] = [*self.origin.notes, *self.encoding.notes]
        if self.skipped:
            notes.append(("data.note_skipped", {"count": self.skipped, "source": self.source}))
        if self.apart:
            return tuple(notes)
        dropped = self.rows - len(self)
        if dropped and self.reading.on_bad_row == "skip" and self.filter.held is None:
            notes.append(("data.note_holes", {"count": dropped, "rows": self.rows}))
        else:
            notes += self.said
        for column in self.encoding.columns:
            missing = self.known[column.name].rows - self.known[column.name].known
            if missing:
                facts = {"column": column.name, "count": missing, "rows": len(self)}
                notes.append(("data.note_missing", facts))
        return tuple(notes)

    def with_features(self, names: Sequence[str]) -> Stream:
        """The same rows with some of the features."""
        return replace(self, encoding=self.encoding.with_features(names), gathered_at_once=None)

    def split(self, fraction: float, seed: int = 0) -> tuple[Stream, Stream]:
        """(training rows, validation rows): a row is for validation if its random number, from `seed`, is
        below `fraction`. The encoding is learned again on the training rows."""
        held = Holdout(fraction, seed)
        filtered = replace(self.filter, held=held, request=self.asked or self.filter.request)
        training = Stream.after(self.origin, filtered, replace(self.reading, held=held))
        return training, training.held_out

    @property
    def drawn_in_parts(self) -> bool:
        return self.filter.held is not None

    @property
    def held_out(self) -> Stream:
        """The validation rows of `reading.held`, with the same encoding."""
        assert self.filter.held is not None
        other = replace(self.filter, held=replace(self.filter.held, out=True))
        return replace(self, filter=other, gathered_at_once=None, apart=True, said=(), skipped=0)

    def with_source(self, words: str) -> Stream:
        """The rows of another source, with the same encoding."""
        origin = opened_source(words, self.reading.encoding, self.reading.header)
        for name in self.filter.request.columns:
            if name not in origin.names:
                facts = {"source": words, "column": name, "names": ", ".join(origin.names[:12])}
                raise DownslopeError("data.lacks_column", **facts)
        origin = replace(origin, formats=self.encoding.text_formats)
        other = replace(self, origin=origin, filter=replace(self.filter, held=None), gathered_at_once=None)
        return replace(other, apart=True, said=(), skipped=0)

    def to_dict(self) -> dict[str, Any]:
        """Plain data from which the same rows can be opened again."""
        request, held = self.filter.request, self.filter.held
        chosen = list(request.chosen) if request.named else None
        return {
            "columns": [list(request.targets), chosen, request.weights, list(request.exclude)],
            "reading": [self.reading.memory, self.reading.rows, self.reading.on_bad_row],
            "text": [self.reading.encoding, self.reading.header],
            "held": None if held is None else [held.fraction, held.seed],
        }

    @classmethod
    def from_dict(cls, source: str, fields: dict[str, Any]) -> Stream:
        """The rows that `to_dict` described, read from `source`: their files may have moved."""
        held = None if fields["held"] is None else Holdout(*fields["held"])
        target, features, weights, *exclude = fields["columns"]
        allowed, rows, on_bad_row = fields["reading"]
        reading = ReadOptions(allowed, rows, on_bad_row, held, *fields.get("text", (None, None)))
        return cls.open(source, target, features, weights, reading, *exclude)

    @classmethod
    def told_again(cls, source: str, told: dict[str, Any]) -> Stream:
        """`from_dict` under its name of version 0.1."""
        warn_renamed("Stream.told_again", "from_dict")
        return cls.from_dict(source, told)

    beside = Renamed("with_source")

    # ---- parts ---------------------------------------------------------------------------------------

    @property
    def size(self) -> int:
        """Rows of the source per part."""
        columns = max(len(self.filter.request.columns), len(self.features))
        return part_size(self.reading, columns)

    @cached_property
    def gathered(self) -> RowStats:
        """What one pass finds for the model: second moments, the rows of each part, a sample."""
        if self.gathered_at_once is not None:
            return self.gathered_at_once
        if len(self.features) > WIDE:
            raise DownslopeError("data.stream_wide", columns=len(self.features), most=f"{WIDE:,}")
        gathering = RowStatsBuilder(len(self.features))
        for number, (part, places) in enumerate(self._encoded()):
            gathering.add(part, number * self.size, places)
        found = gathering.result
        if found is None:
            raise DownslopeError("data.no_rows", source=self.source)
        return found

    def with_missing_as_nan(self) -> Stream:
        nan = tuple(replace(column, mean=(np.nan,) * len(column.mean)) for column in self.encoding.columns)
        return replace(self, encoding=replace(self.encoding, columns=nan), gathered_at_once=self.gathered)

    def each(self) -> Iterator[Dataset]:
        """The rows of each part with a weight above 0, in order; the next part is read ahead."""
        if self.cached is not None and self.cached.whole:
            self.meter.begin_pass()
            yield from ahead(self.part(number) for number in range(self.parts))
            return
        for part, _ in self._encoded():
            yield part

    def part(self, number: int) -> Dataset:
        """The rows of one part: from the cache, or from files with random access."""
        if self.cached is not None and self.cached.whole:
            return self._read_back(range(*self._edges[number : number + 2]))
        first = number * self.size
        table = self.origin.between(self._names, first, first + self.size, self.limits)
        self.meter.add(table.num_rows, table.nbytes)
        return self._rows(table, first)[0]

    def lent(self) -> Stream:
        """What another process needs to read the same parts. Rows without random access are cached on disk
        for it, if there is space."""
        cached = None
        if not self.origin.at_random and self.cached is not None:
            for _ in () if self.cached.whole else self.each():
                pass
            cached = self.cached
        edges = None if cached is None else self._edges
        paths = tuple(path.resolve() for path in self.origin.paths)
        origin = replace(self.origin, paths=paths, copies=None)
        reading = replace(self.reading, rows=self.size)
        lent = replace(self, origin=origin, reading=reading, gathered_at_once=None)
        vars(lent).update({"cached": cached, "_edges": edges})
        return lent

    def run(self, first: int, last: int) -> Iterator[tuple[Dataset, np.ndarray | None]]:
        """Parts first … last − 1 and the places of their rows, by whatever way there is to them; read back
        from the disk, the places are not reported."""
        _refuse_change(self.origin)
        if self.cached is not None and not self.cached.path.is_file():
            vars(self)["cached"] = None  # kept on the disk of another machine
        if self.cached is not None:
            return ((self.part(number), None) for number in range(first, last))
        if self.origin.at_random:
            tables = self.origin.parts(self._names, self.size, first, last, self.limits)
            return (self._rows(table, number * self.size) for number, table in enumerate(tables, first))
        return islice(self._encoded(), first, last)

    def blocks(self, mixed: bool, epoch: int, seed: int) -> Iterator[Dataset]:
        """The rows of one epoch, a few parts at a time: in order, or `mixed`, drawn from all parts. Ordered
        rows (`RowStats.drift`) are cached on disk and drawn in pieces of a sixteenth of a part; others in
        whole parts. If neither is possible, blocks are neighbouring parts."""
        finely = mixed and self.gathered.drift > DRIFT  # no matter how fast the source is: that decides bits
        if finely and self.cached is None:
            vars(self)["cached"] = self._cache()
        if mixed and self.cached is not None and not self.cached.whole:
            for _ in self.each():  # writes it
                pass
        kept = self.cached is not None and self.cached.whole
        if not (finely and kept):
            return super().blocks(mixed and (kept or self.origin.at_random), epoch, seed)
        order, size = _permuted(int(self._edges[-1]), epoch, seed), GROUP * PIECES
        self.meter.begin_pass()
        groups = (order[first : first + size].tolist() for first in range(0, len(order), size))
        return ahead(map(self._read_back, groups), 1)

    @cached_property
    def cached(self) -> Cache | None:
        """Where encoded rows are kept, if the source is slow, or may come in another order."""
        return self._cache() if self.origin.kind != "parquet" or 0 < self.pace < SLOW else None

    def _cache(self) -> Cache | None:
        """The file, which may be there from before; None where there is no room for it."""
        width, outputs = len(self.features), len(self.targets)
        found = Cache(self._identity(), width, outputs, self.encoding.weights is not None, self._piece)
        rows = len(self) if not self.apart else self.rows
        return found if found.whole or room_on_disk(rows * (width + outputs + 1) * 8) else None

    @property
    def _piece(self) -> int:
        return max(1, self.size // PIECES)

    @cached_property
    def _edges(self) -> np.ndarray:
        """The first piece of each part."""
        pieces = -(-np.array(self.gathered.counts) // self._piece)
        return np.concatenate([[0], np.cumsum(pieces)])

    def _read_back(self, pieces: Iterable[int]) -> Dataset:
        assert self.cached is not None
        if not len(list(pieces)):
            return self._dataset(np.empty((0, len(self.features))), np.empty((0, len(self.targets))), None)
        X, Y, weights = self.cached.read(pieces)
        self.meter.add(len(X), X.nbytes + Y.nbytes)
        return replace(self._dataset(X, Y, weights), classes=self.classes)

    def _identity(self) -> str:
        """All that encoded rows depend on."""
        files = [(str(path.resolve()), *_stamp(path)) for path in self.origin.paths]
        own: list[Any] = files or [self.source, os.getpid(), time.monotonic()]  # a query's answer may change
        filtered = (self.filter.on_bad_row, self.filter.held)
        return repr((own, self.encoding.to_json(), filtered, self.classes, self.size, "1"))

    @property
    def limits(self) -> Limits:
        return limits(self.origin, self.reading)

    @property
    def _names(self) -> tuple[str, ...]:
        """The columns that are read."""
        encoding = self.encoding
        weights = () if encoding.weights is None else (encoding.weights,)
        return (*encoding.targets, *(column.name for column in encoding.columns), *weights)

    def _encoded(self) -> Iterator[tuple[Dataset, np.ndarray | None]]:
        """The parts in order, from the source, with the places of their rows in it; kept on the way where
        they are to be kept."""
        keeps = self.cached if self.cached is not None and not self.cached.whole else None
        _refuse_change(self.origin)
        self.meter.begin_pass()
        lenient = (lambda count: None) if self.reading.on_bad_row == "skip" else None
        stray = self._refuse_stray if self.apart else None
        scan = self.origin.scan(self._names, self.limits, self.meter, lenient, stray=stray)
        tables = cut(scan, self.size)
        rows = (self._rows(table, number * self.size) for number, table in enumerate(tables))
        whole = False
        try:
            for part, places in ahead(rows):
                if keeps is not None:
                    keeps = self._keep(keeps, part)
                yield part, places
            whole = True
        finally:
            if keeps is not None and whole:
                keeps.close()
            elif keeps is not None:
                keeps.drop()

    def _refuse_stray(self, name: str, row: int, value: str) -> None:
        """Of rows that nothing was learned on; those of others were counted."""
        if name in (*self.targets, self.encoding.weights) and self.reading.on_bad_row != "skip":
            raise stray_refused(self.source, name, row, value)

    def _keep(self, keeps: Cache, part: Dataset) -> Cache | None:
        try:
            shape = len(part), len(self.targets)
            Y = np.empty(shape) if part.y is None else part.y.reshape(shape)
            keeps.add(part.X, Y, part.weights)
            return keeps
        except OSError as error:
            keeps.drop()
            vars(self)["cached"] = None  # the source serves as well, if more slowly
            warnings.warn(text("data.cache_full", reason=error.strerror), DownslopeWarning, stacklevel=2)
            return None

    def _rows(self, table: Any, first: int) -> tuple[Dataset, np.ndarray | None]:
        """A part as numbers, and which of its rows they are."""
        if all(column.kind == "numeric" for column in self.encoding.columns) and not self.encoding.classes:
            block = NumericBlock.plain(table, self._names, self.filter.held, first)
            if block is not None and self.encoding.weights is None:
                k = len(self.targets)
                Y = block.columns[:k].T.copy("C")  # the block is written on again
                part = self._dataset(rows_by_row(block.columns[k:]), Y, None)
                return (labelled(part, self.classes) if self.classes else part), block.places
        rows, counting = self.filter.rows(Table(table, self.source, formats=self.origin.formats), first)
        return encoded(self.encoding, rows, self.classes, first), counting.places

    def _dataset(self, X: np.ndarray, Y: np.ndarray, weights: np.ndarray | None) -> Dataset:
        return Dataset(
            X,
            Y[:, 0] if Y.shape[1] == 1 else Y if Y.shape[1] else None,
            weights,
            self.features,
            self.targets,
            self.source,
            self.encoding,
            classes=self.encoding.classes,
        )


def _stamp(path: Any) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _refuse_change(origin: Source) -> None:
    """The rows have to be the same in every pass."""
    for path, before in zip(origin.paths, origin.stamps):
        try:
            now = _stamp(path)
        except OSError:
            raise DownslopeError("data.source_gone", path=path) from None
        if now != before:
            raise DownslopeError("data.source_changed", path=path)
