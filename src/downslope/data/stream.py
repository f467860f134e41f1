"""Rows too many to hold, read in parts whenever they are asked for: a Dataset that is not in memory.

One pass learns how columns become numbers, and, where all columns are numbers without a hole, all that later
passes need: their second moments, the rows of each part, a sample. Elsewhere a second pass does that. The
rules are those of rows in memory: what is unknown stands at the mean of the rows learned from, text has an
indicator for each category but the most frequent, rows without a target are left out.

Parts are cut by the number of a row alone. So the bits of an answer do not depend on how many files the rows
lie in, on the size of what is read at a time, on memory or on threads; only on the rows of a part.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import DownslopeError, DownslopeWarning
from ..messages import text
from . import cache, memory
from .block import Block, Filter, Held, encoded, rows_by_row
from .database import Limits
from .dataset import Dataset, Note
from .encoding import Encoding, Request
from .gathering import Gathered, Gathering
from .meter import Meter
from .parted import Parted
from .parts import GRAIN, Tree, ahead, cut, part_rows, plus
from .reading import Table
from .source import ON_BAD_ROW, Source, opened_source
from .summary import Summary

WIDE = 2_000  # encoded columns up to which second moments are held
SLOW = 4e8  # bytes of numbers a second: a source that is decoded no faster is kept on the disk


@dataclass(frozen=True)
class Reading:
    """How rows are read: in at most `memory` bytes ("2GB"; None is half of what is free), in parts of `rows`
    (None: as many as make 32 MB).  on_bad_row: "skip" leaves out rows with a hole or a text among numbers and
    counts them; "fail" refuses a hole, too; None fills holes with the mean and refuses texts.
    held: a share of the rows that is held out.

    >>> Reading("2GB").memory
    '2GB'
    """

    memory: Any = None
    rows: int | None = None
    on_bad_row: str | None = None
    held: Held | None = None

    def __post_init__(self):
        if self.on_bad_row not in (None, *ON_BAD_ROW):
            raise DownslopeError("data.on_bad_row", asked=self.on_bad_row)
        if self.rows is not None and not (isinstance(self.rows, int) and self.rows >= 1):
            raise DownslopeError("data.part_rows", asked=self.rows)
        memory.budget(self.memory)


@dataclass(frozen=True, eq=False, repr=False)
class Stream(Parted):
    """n rows (xᵢ, yᵢ, sᵢ) that stay where they are; see `Dataset` for the names that both have."""

    origin: Source
    filter: Filter
    reading: Reading
    encoding: Encoding
    known: dict[str, Summary]  # of the rows that count
    rows: int  # of the source, those that could not be read left out
    skipped: int = 0  # of the source: they could not be read
    classes: tuple[Any, ...] = ()
    meter: Meter = field(default_factory=Meter)
    gathered_at_once: Gathered | None = None  # in the pass that learned
    pace: float = 0.0  # bytes of numbers a second, at which the source was decoded
    said: tuple[Note, ...] = ()
    apart: bool = False  # rows of another source than the encoding was learned on

    @classmethod
    def open(
        cls,
        source: str,
        target: str | Sequence[str] | None,
        features: Sequence[str] | None = None,
        weights: str | None = None,
        reading: Reading | None = None,
    ) -> Stream:
        """The rows of files or a query, learned in one pass over them. Arguments as for `Dataset.read`."""
        reading = reading or Reading()
        origin = opened_source(str(source))
        request = Request.of(origin.names, target or (), features, weights, origin.words)
        return learned(origin, Filter(request, reading.on_bad_row, reading.held), reading)

    # ---- what a Dataset tells, too -----------------------------------------------------------------

    def __len__(self) -> int:
        return self.count

    @cached_property
    def count(self) -> int:
        """Rows that count."""
        some = next(iter(self.known.values()), None)
        return some.rows if some is not None and not self.apart else int(sum(self.gathered.counts))

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
        told: list[Note] = [*self.encoding.notes, *self.said]
        if self.skipped:
            told.append(("data.note_skipped", {"count": self.skipped, "source": self.source}))
        if self.apart:
            return tuple(told)
        dropped = self.rows - len(self)
        if dropped and self.reading.on_bad_row == "skip" and self.filter.held is None:
            told.append(("data.note_holes", {"count": dropped, "rows": self.rows}))
        elif dropped and self.filter.held is None:
            facts = {"count": dropped, "targets": ", ".join(self.targets), "rows": self.rows}
            told.append(("data.note_dropped", facts))
        for column in self.encoding.columns:
            missing = self.known[column.name].rows - self.known[column.name].known
            if missing:
                facts = {"column": column.name, "count": missing, "rows": len(self)}
                told.append(("data.note_missing", facts))
        return tuple(told)

    def with_features(self, names: Sequence[str]) -> Stream:
        """The same rows with some of the features."""
        kept = tuple(column for column in self.encoding.columns if set(column.features) & set(names))
        encoding = replace(self.encoding, columns=kept)
        split = [name for name in encoding.features if name not in names]
        if split:
            raise DownslopeError("data.part_of_column", feature=split[0])
        return replace(self, encoding=encoding, gathered_at_once=None)

    def split(self, fraction: float, seed: int = 0) -> tuple[Stream, Stream]:
        """(training rows, held-out rows): a row is held out where the number drawn for it by `seed` is below
        `fraction`. The encoding is learned again, on the training rows."""
        held = Held(fraction, seed)
        filtered = replace(self.filter, held=held)
        training = learned(self.origin, filtered, replace(self.reading, held=held))
        return training, training.held_out

    @property
    def held_out(self) -> Stream:
        """The rows that `reading.held` holds out, encoded as these are."""
        assert self.filter.held is not None
        other = replace(self.filter, held=replace(self.filter.held, out=True))
        return replace(self, filter=other, gathered_at_once=None, apart=True, said=(), skipped=0)

    def beside(self, words: str) -> Stream:
        """The rows of another source, encoded as these are."""
        origin = opened_source(words)
        for name in self.filter.request.columns:
            if name not in origin.names:
                facts = {"source": words, "column": name, "names": ", ".join(origin.names[:12])}
                raise DownslopeError("data.lacks_column", **facts)
        plain = replace(self.filter, held=None)
        meter = Meter(origin.rows, origin.bytes)
        return replace(
            self,
            origin=origin,
            filter=plain,
            gathered_at_once=None,
            apart=True,
            said=(),
            skipped=0,
            meter=meter,
        )

    # ---- parts ---------------------------------------------------------------------------------------

    @property
    def size(self) -> int:
        """Rows of the source in a part."""
        columns = max(len(self.filter.request.columns), len(self.features))
        return _part_size(self.reading, columns)

    @cached_property
    def gathered(self) -> Gathered:
        """What one pass finds for the model: second moments, the rows of each part, a sample."""
        if self.gathered_at_once is not None:
            return self.gathered_at_once
        if len(self.features) > WIDE:
            raise DownslopeError("data.stream_wide", columns=len(self.features), most=f"{WIDE:,}")
        gathering = Gathering(len(self.features))
        for number, (part, places) in enumerate(self._encoded()):
            gathering.add(part, number * self.size, places)
        found = gathering.result
        if found is None:
            raise DownslopeError("data.no_rows", source=self.source)
        return found

    def ask(self, question: Callable[[Dataset], Any], plus: Callable[[Any, Any], Any] = plus) -> Any:
        """The sum over all parts of what `question` answers for the rows of each, added as a `Tree` does."""
        tree = Tree(plus)
        for part in self.each():
            tree.add(question(part) if len(part) else None)
        return tree.total

    def each(self) -> Iterator[Dataset]:
        """The rows that count of each part, in order; the next part is read while one is used."""
        if self.cached is not None and self.cached.whole:
            self.meter.begin_pass()
            yield from ahead(self.part(number) for number in range(self.parts))
            return
        for part, _ in self._encoded():
            yield part

    def part(self, number: int) -> Dataset:
        """The rows of one part: from the disk, or from files that can be read in the middle."""
        if self.cached is not None and self.cached.whole:
            X, Y, weights = self.cached.read(number)
            self.meter.add(len(X), X.nbytes + Y.nbytes)
            return self._dataset(X, Y, weights)
        first = number * self.size
        table = self.origin.between(self._names, first, first + self.size, self.limits)
        self.meter.add(table.num_rows, table.nbytes)
        return self._rows(table, first)[0]

    @property
    def at_random(self) -> bool:
        """Whether parts can be read in any order."""
        if self.cached is not None and not self.cached.whole:
            for _ in self.each():  # writes it
                pass
        return self.origin.at_random or (self.cached is not None and self.cached.whole)

    @cached_property
    def cached(self) -> cache.Cache | None:
        """Where encoded rows are kept, if the source is slow, or may come in another order."""
        slow = self.origin.kind != "parquet" or 0 < self.pace < SLOW
        width, outputs = len(self.features), len(self.targets)
        if not slow or width == 0:
            return None
        whole = cache.Cache(self._identity(), width, outputs, self.encoding.weights is not None)
        rows = (
            self.gathered_at_once.rows
            if self.gathered_at_once is not None
            else len(self)
            if not self.apart
            else self.rows
        )
        if not whole.whole and not cache.room(rows * (width + outputs + 1) * 8):
            return None
        return whole

    def _identity(self) -> str:
        """All that encoded rows depend on."""
        files = [(str(path.resolve()), *_stamp(path)) for path in self.origin.paths]
        own = files or [self.source, os.getpid(), time.monotonic()]  # a query may answer otherwise tomorrow
        filtered = (self.filter.on_bad_row, self.filter.held)
        return repr((own, self.encoding.to_json(), filtered, self.classes, self.size, "1"))

    @property
    def limits(self) -> Limits:
        return _limits(self.origin, self.reading)

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
        tables = cut(self.origin.scan(self._names, self.limits, self.meter, lenient), self.size)
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

    def _keep(self, keeps: cache.Cache, part: Dataset) -> cache.Cache | None:
        try:
            assert part.y is not None
            keeps.add(part.X, part.y.reshape(len(part), -1), part.weights)
            return keeps
        except OSError as error:
            keeps.drop()
            vars(self)["cached"] = None  # the source serves as well, if more slowly
            warnings.warn(text("data.cache_full", reason=error.strerror), DownslopeWarning, stacklevel=2)
            return None

    def _rows(self, table: Any, first: int) -> tuple[Dataset, np.ndarray | None]:
        """A part as numbers, and which of its rows they are."""
        if all(column.kind == "numeric" for column in self.encoding.columns) and not self.encoding.classes:
            block = Block.plain(table, self._names, self.filter.held, first)
            if block is not None and self.encoding.weights is None:
                k = len(self.targets)
                Y = np.ascontiguousarray(block.columns[:k].T)
                part = self._dataset(rows_by_row(block.columns[k:]), Y, None)
                return (part.labelled(self.classes) if self.classes else part), block.places
        part, places = self.filter.rows(Table(table, self.source), first)
        return encoded(self.encoding, part, self.classes, first), places

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


# ---- the first pass ----------------------------------------------------------------------------------


def learned(origin: Source, filtered: Filter, reading: Reading) -> Stream:
    """One pass over the rows: how their columns become numbers, and for plain numbers all else, too."""
    request = filtered.request
    size, names = _part_size(reading, len(request.columns)), request.columns
    meter, seconds, numbers = Meter(origin.rows, origin.bytes), [0.0], 0
    meter.begin_pass()
    skipped = [0]

    def lost(count: int) -> None:
        skipped[0] += count

    lenient = lost if reading.on_bad_row == "skip" else None
    scan = origin.scan(names, _limits(origin, reading), meter, lenient)
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
        if block is None:
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
    stream = Stream(origin, filtered, reading, encoding, known, rows, skipped[0], encoding.classes, meter)
    return replace(stream, gathered_at_once=found if stream.size == size else None, pace=pace)


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


def _part_size(reading: Reading, columns: int) -> int:
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


def _limits(origin: Source, reading: Reading) -> Limits:
    """Rows of a batch, threads and memory for DuckDB: pieces of Parquet are unpacked whole, one a thread."""
    most = memory.budget(reading.memory)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    fits = most // 2 // max(1, 2 * origin.group)
    threads = int(max(1, min(cores, fits)))
    batch = int(max(GRAIN, min(2**16, 2**23 // max(1, len(origin.names)) // GRAIN * GRAIN)))
    return Limits(batch, threads, max(most // 2, 2 * origin.group, 10**8))


def _timed(items: Iterator[Any], seconds: list[float]) -> Iterator[Any]:
    """The same items; how long they took is added up."""
    while True:
        began = time.perf_counter()
        item = next(items, None)
        seconds[0] += time.perf_counter() - began
        if item is None:
            return
        yield item


def _stamp(path: Any) -> tuple[int, int]:
    told = path.stat()
    return told.st_size, told.st_mtime_ns


def _refuse_change(origin: Source) -> None:
    """The rows have to be the same in every pass."""
    for path, before in zip(origin.paths, origin.stamps):
        try:
            now = _stamp(path)
        except OSError:
            raise DownslopeError("data.source_gone", path=path) from None
        if now != before:
            raise DownslopeError("data.source_changed", path=path)
