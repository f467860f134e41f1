"""Rows in the memory of several workers: a shard is a run of parts that stays where it was read.

A shard holds 2ᵐ parts, so that its sum is a whole subtree of the sum over all parts
(`data/parts.PairwiseSum`): the bits of an answer are those of one machine that reads the same parts one after
the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from operator import add
from typing import Any

import numpy as np

from ..data.dataset import Dataset, Note
from ..data.encoding import Encoding
from ..data.learning import WIDE, Filter, FirstPass, PartialPass, infer_types, learned, look
from ..data.partitioned import PartitionedDataset, RowStats, RowStatsBuilder
from ..data.parts import Meter, PairwiseSum, ReadOptions, limits, part_size, plus
from ..data.source import Source
from ..data.statistics import Summary
from ..data.stream import Stream
from ..errors import DownslopeError
from .connection import GATHERED, Connection

UNEVEN = 1.1  # times its share of the parts, that the busiest worker may have


@dataclass(frozen=True, eq=False)
class Shard:
    """A run of parts, in the memory of a worker.  firsts: the number of each part's first row.  places: where
    its rows stood in the part as it was read, None for all."""

    parts: list[Dataset]
    firsts: list[int]
    places: list[np.ndarray | None]

    def __reduce__(self):
        return arrived, (self.parts, self.firsts, self.places)

    def __sizeof__(self) -> int:  # by which Dask knows what a worker holds
        return 100 + sum(_bytes(array) for part in self.parts for array in (part.X, part.y, part.weights))

    def changed(self, change: Callable[[Dataset], Dataset]) -> Shard:
        return replace(self, parts=[change(part) for part in self.parts])


@dataclass(frozen=True, eq=False, repr=False)
class ShardedDataset(PartitionedDataset):
    """n rows (xᵢ, yᵢ, sᵢ) in the memory of the workers of a cluster; see `Dataset` for the common names.

    shards: one future on the cluster per shard, in order.  height: each has 2^height parts, the last one
    may have fewer.
    """

    connection: Connection
    height: int
    gathered: RowStats
    features: tuple[str, ...]
    targets: tuple[str, ...]
    source: str
    known: dict[str, Summary]
    shards: tuple[Any, ...] = ()
    encoding: Encoding | None = None
    classes: tuple[Any, ...] = ()
    notes: tuple[Note, ...] = ()
    stream: Stream | None = None  # that the same rows are, on one machine
    meter: Meter = field(default_factory=Meter)

    @classmethod
    def of(cls, stream: Stream, connection: Connection, shards: int | None = None) -> ShardedDataset:
        """The rows of a stream, read by the workers. `shards`: the minimum number, so that stochastic methods
        give the same result with any number of workers."""
        classes, workers = stream.classes, connection.workers
        stream = replace(stream, classes=stream.encoding.classes)
        if len(stream.features) > WIDE:
            raise DownslopeError("data.stream_wide", columns=len(stream.features), most=f"{WIDE:,}")
        if not stream.apart:  # rows held out are few, and another file's may be
            _refuse_too_many(stream, connection)
        known = stream.gathered_at_once if stream.origin.at_random else stream.gathered
        count = -(-(stream.origin.rows or 0) // stream.size) if known is None else len(known.counts)
        height = height_of(count, len(workers)) if shards is None else _height_for(count, shards)
        read = connection.begin(_itself, stream.lent())
        firsts = range(0, count, 2**height)
        names = [workers[number * len(workers) // len(firsts)] for number in range(len(firsts))]
        begun = tuple(
            connection.begin(_read, read, first, min(first + 2**height, count), worker=name)
            for first, name in zip(firsts, names)
        )
        gathered = gather(connection, begun) if known is None else known
        spread = cls(
            connection, height, gathered, stream.features, stream.targets, stream.source, stream.known, begun,
            stream.encoding, stream.classes, stream.notes, stream,
        )  # fmt: skip
        return spread.labelled(classes) if classes != stream.classes else spread

    # ---- the fields of a Dataset -----------------------------------------------------------------

    def to_dict(self) -> dict[str, Any] | None:
        """Plain data from which the same rows can be opened again, on one machine."""
        return None if self.stream is None else self.stream.to_dict()

    @property
    def at_workers(self) -> bool:
        return self.connection.client is not None

    def labelled(self, classes: tuple[Any, ...] = ()) -> ShardedDataset:
        return self if self.classes and not classes else super().labelled(classes)

    def _with_classes(self, classes: tuple[Any, ...]) -> ShardedDataset:
        if self.encoding is not None and self.encoding.classes:
            return replace(self, classes=classes)
        return replace(self._changed(partial(_labelled, classes)), classes=classes)

    def with_features(self, names: Sequence[str]) -> ShardedDataset:
        """The same rows with some of the features."""
        keep = [j for j, name in enumerate(self.features) if name in names]
        features, encoding = tuple(self.features[j] for j in keep), self.encoding
        if encoding is not None:
            columns = tuple(column for column in encoding.columns if set(column.features) & set(names))
            encoding = replace(encoding, columns=columns)
            split = [name for name in encoding.features if name not in features]
            if split:
                raise DownslopeError("data.part_of_column", feature=split[0])
        stream = None if self.stream is None else self.stream.with_features(names)
        X, Y, weights = self.gathered.sample
        moments = self.gathered.moments
        moments = replace(
            moments, mean=moments.mean[keep], G=moments.G[np.ix_(keep, keep)], c=moments.c[keep]
        )
        gathered = replace(self.gathered, moments=moments, sample=(X[:, keep], Y, weights))
        some = self._changed(partial(_narrowed, features))
        return replace(some, features=features, encoding=encoding, stream=stream, gathered=gathered)

    def held_out(self) -> ShardedDataset:
        """The validation rows of the stream's `reading.held`, on the same workers."""
        assert self.stream is not None
        return ShardedDataset.of(self.stream.held_out, self.connection)

    def _changed(self, change: Callable[[Dataset], Dataset]) -> ShardedDataset:
        """Each part changed, where it lies."""
        begin = self.connection.begin
        return replace(self, shards=tuple(begin(Shard.changed, shard, change) for shard in self.shards))

    def close(self) -> None:
        """Shut down the cluster, if it was started for these rows."""
        self.connection.close()

    def __enter__(self) -> ShardedDataset:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    # ---- parts -------------------------------------------------------------------------------------

    def map_reduce(self, fn: Callable[[Dataset], Any], plus: Callable[[Any, Any], Any] = plus) -> Any:
        """The sum of fn(rows) over all parts, added pairwise as in `PairwiseSum`."""
        self.meter.begin_pass()
        total = summed(self.connection, partial(_asked, fn, plus), self.shards, plus)
        self.meter.add(len(self), len(self) * (len(self.features) + len(self.targets)) * 8)
        return total

    def map_parts(self, fn: Callable[[Dataset, int], Any]) -> Any:
        self.meter.begin_pass()
        total = summed(self.connection, partial(_asked_of_each, fn, self.height), self.shards, plus, True)
        self.meter.add(len(self), len(self) * (len(self.features) + len(self.targets)) * 8)
        return total

    def with_missing_as_nan(self) -> ShardedDataset:
        """Read again by the workers, since the rows that they hold have means there."""
        if self.stream is None:
            return self
        return ShardedDataset.of(self.stream.with_missing_as_nan(), self.connection)

    def map_shards(self, fn: Callable[[Sequence[Dataset], int], Any]) -> Any:
        """The sum of fn(parts, number) over all shards."""
        return summed(self.connection, partial(_asked_whole, fn), self.shards, plus, numbered=True)

    def part(self, number: int) -> Dataset:
        shard, place = divmod(number, 2**self.height)
        begun = self.connection.begin(_part, self.shards[shard], place)
        return self.connection.results([begun])[0].parts[0]

    def each(self) -> Iterator[Dataset]:
        for shard in self.shards:
            yield from self.connection.results([shard])[0].parts


def height_of(parts: int, workers: int) -> int:
    """m of the largest shards, of 2ᵐ parts, with which no worker has much more than its share.

    >>> height_of(62, 2), height_of(38_000, 1_000)
    (3, 3)
    """
    share = parts / workers
    largest = int(math.log2(max(1.0, share / 2)))  # two shards a worker at least: one that dies leaves less
    return next((m for m in range(largest, 0, -1) if _busiest(parts, workers, m) <= UNEVEN * share), 0)


def _busiest(parts: int, workers: int, height: int) -> int:
    shards = -(-parts // 2**height)
    return -(-shards // workers) * 2**height


def _height_for(parts: int, shards: int) -> int:
    return max(0, int(math.log2(max(1.0, parts / shards))))


def summed(
    connection: Connection, answer: Callable, shards: Sequence[Any], plus: Callable, numbered: bool = False
) -> Any:
    """The answers of shards, added: a few here, many on the workers, neighbours first."""
    given: Any = answer
    if len(shards) > GATHERED:  # else each would carry it through the scheduler
        given = connection.begin(_itself, answer)
    begun = [
        connection.begin(_answer, given, shard, *((number,) if numbered else ()))
        for number, shard in enumerate(shards)
    ]
    return at_once(connection, begun, plus)


def at_once(connection: Connection, begun: Sequence[Any], plus: Callable) -> Any:
    """The sum of answers that are on their way: of a few here, of many on the workers."""
    while len(begun) > GATHERED:
        groups = [begun[first : first + GATHERED] for first in range(0, len(begun), GATHERED)]
        begun = [connection.begin(_added, plus, group) for group in groups]
    return _added(plus, connection.results(begun))


def gather(connection: Connection, shards: Sequence[Any]) -> RowStats:
    """The statistics a model needs first, of rows not yet read."""
    counts = connection.results([connection.begin(_counts, shard) for shard in shards])
    rows = sum(map(sum, counts))
    begun = [connection.begin(_gathering, shard, rows) for shard in shards]
    found = at_once(connection, begun, _joined).result
    if found is None:
        raise DownslopeError("cluster.no_rows")
    return found


def _refuse_too_many(stream: Stream, connection: Connection) -> None:
    needed, room = 8 * len(stream) * (len(stream.features) + len(stream.targets)), connection.room
    if needed > room:
        facts = {"needed": f"{needed / 1e9:,.1f} GB", "room": f"{room / 1e9:,.1f} GB"}
        raise DownslopeError("cluster.room", workers=len(connection.workers), **facts)


def arrived(parts: list[Dataset], firsts: list[int], places: list[np.ndarray | None]) -> Shard:
    """As it was before it was sent: numbers that lie across their places NumPy adds in another order."""
    own = lambda array: array if array is None or array.flags.aligned else array.copy()
    parts = [replace(part, X=own(part.X), y=own(part.y), weights=own(part.weights)) for part in parts]
    return Shard(parts, firsts, places)


# ---- on the workers ----------------------------------------------------------------------------------


def _itself(given: Any) -> Any:
    return given


def _read(stream: Stream, first: int, last: int) -> Shard:
    found = list(stream.run(first, last))
    firsts = [number * stream.size for number in range(first, last)]
    return Shard([rows for rows, _ in found], firsts, [places for _, places in found])


def _answer(answer: Callable, shard: Shard, *number: int) -> Any:
    return answer(shard, *number)


def _asked(fn: Callable, plus: Callable, shard: Shard) -> Any:
    tree = PairwiseSum(plus)
    for part in shard.parts:
        tree.add(fn(part) if len(part) else None)
    return tree.total


def _asked_of_each(fn: Callable, height: int, shard: Shard, number: int) -> Any:
    tree = PairwiseSum(plus)
    for place, part in enumerate(shard.parts):
        tree.add(fn(part, (number << height) + place) if len(part) else None)
    return tree.total


def _asked_whole(fn: Callable, shard: Shard, number: int) -> Any:
    parts = [part for part in shard.parts if len(part)]
    return fn(parts, number) if parts else None


def _added(plus: Callable, answers: Sequence[Any]) -> Any:
    """All shards but the last have the same number of parts: their sums are subtrees of one height, and the
    last one's is added from the right, as it would be part by part."""
    tree = PairwiseSum(plus)
    for answer in answers:
        tree.add(answer)
    return tree.total


def _counts(shard: Shard) -> list[int]:
    return [len(part) for part in shard.parts]


def _gathering(shard: Shard, rows: int) -> RowStatsBuilder:
    gathering = RowStatsBuilder.of_many(shard.parts[0].shape[1], rows)
    for part, first, places in zip(shard.parts, shard.firsts, shard.places):
        gathering.add(part, first, places)
    return gathering


def _joined(one: RowStatsBuilder, other: RowStatsBuilder) -> RowStatsBuilder:
    return RowStatsBuilder.together([one, other])


def _part(shard: Shard, number: int) -> Shard:
    return Shard(shard.parts[number : number + 1], shard.firsts[number : number + 1], [None])


def _labelled(classes: tuple[Any, ...], part: Dataset) -> Dataset:
    return part.labelled(classes) if len(part) else replace(part, classes=classes)


def _narrowed(names: tuple[str, ...], part: Dataset) -> Dataset:
    return part.with_features(names)


def _bytes(array: Any) -> int:
    return 0 if array is None else array.nbytes


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
