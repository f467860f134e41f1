"""Rows that are not in one memory: on a disk, or on other machines. A function of some rows is computed for
each part, and the results are added: `map_reduce`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DownslopeError, Renamed, nearest, warn_renamed
from ..messages import text
from .dataset import Dataset
from .encoding import Encoding
from .memory import leased
from .parts import PairwiseSum, ahead, cut, drawn, limits, plus
from .reading import Table, column_values
from .statistics import UNIT, SecondMoments, Summary, second_moments

if TYPE_CHECKING:
    from .learning import NumericBlock

GROUP = 4  # parts whose rows are shuffled together


class PartitionedDataset:
    """n rows (xᵢ, yᵢ, sᵢ) in parts: the fields of a Dataset, and in place of X and y a function of each part,
    `map_reduce(fn)` = Σ fn(part).

    A subclass defines `part` or `each`, and the fields below that have no value; where rows lie elsewhere,
    `map_reduce` and `map_parts`, too.
    """

    encoding: Encoding | None
    features: Any
    targets: Any
    classes: tuple[Any, ...]
    source: Any
    notes: Any
    known: dict[str, Summary]  # of the targets, at least
    gathered: Any
    meter: Any
    shards: Any = ()  # of rows in several memories: each makes a pass of a stochastic method over its own

    @property
    def at_workers(self) -> bool:
        """Whether the rows lie in other processes, and go when a cluster's client is closed."""
        return False

    @property
    def drawn_in_parts(self) -> bool:
        """Whether these rows come from a split by row numbers in their source."""
        return False

    def map_reduce(self, fn: Callable[[Dataset], Any], plus: Callable[[Any, Any], Any] = plus) -> Any:
        """The sum of fn(rows) over all parts, added pairwise as in `PairwiseSum`."""
        tree = PairwiseSum(plus)
        for part in self.each():
            tree.add(fn(part) if len(part) else None)
        return tree.total

    def map_parts(self, fn: Callable[[Dataset, int], Any]) -> Any:
        """`map_reduce` of a function that takes the number of each part, too."""
        tree = PairwiseSum()
        for number, part in enumerate(self.each()):
            tree.add(fn(part, number) if len(part) else None)
        return tree.total

    def with_missing_as_nan(self) -> PartitionedDataset:
        """The same rows, with NaN where a mean stands in place of a missing value."""
        return self

    def part(self, number: int) -> Dataset:
        """The rows of one part, in this process."""
        raise NotImplementedError

    def map_shards(self, fn: Callable[[Sequence[Dataset], int], Any]) -> Any:
        """The sum of fn(parts, number) over `shards`."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any] | None:
        """Plain data from which the same rows can be opened again; None if they cannot."""
        return None

    told, some = Renamed("to_dict"), Renamed("sample")

    def ask(self, question: Callable[[Dataset], Any], plus: Callable[[Any, Any], Any] = plus) -> Any:
        """`map_reduce` under its name of version 0.1."""
        warn_renamed(f"{type(self).__name__}.ask", "map_reduce")
        return self.map_reduce(question, plus)

    def each_shard(self, question: Callable[[Sequence[Dataset], int], Any]) -> Any:
        """`map_shards` under its name of version 0.1."""
        warn_renamed(f"{type(self).__name__}.each_shard", "map_shards")
        return self.map_shards(question)

    def close(self) -> None:
        """Release the resources that hold the rows."""

    def each(self) -> Iterator[Dataset]:
        """The rows of each part, in order."""
        return map(self.part, range(self.parts))

    def columns_of_parts(self, name: str) -> Iterator[np.ndarray]:
        """The values of a column for the rows of each part that has rows, in order: of X, or of the files
        that the parts are read from."""
        if name in self.features:
            return (part.column(name) for part in self.each() if len(part))
        origin = getattr(self, "origin", None)
        if origin is None or name not in origin.names:
            known = self.features if origin is None else origin.names
            raise DownslopeError("selection.no_column", asked=name, known=nearest(name, known))
        return values_of_parts(self, name)

    def blocks(self, mixed: bool, epoch: int, seed: int) -> Iterator[Dataset]:
        """The rows of one epoch, a few parts at a time: in order, or `mixed`, drawn from all parts."""
        if not mixed:
            return grouped(self.each())
        return grouped(ahead(map(self.part, permuted(self.parts, epoch, seed).tolist())))

    def __len__(self) -> int:
        return self.found.rows

    @property
    def found(self) -> RowStats:
        return self.gathered

    @property
    def parts(self) -> int:
        return len(self.found.counts)

    @property
    def shape(self) -> tuple[int, int]:
        """(n rows, d features)"""
        return len(self), len(self.features)

    @property
    def single(self) -> bool:
        """Whether y is (n,), and so are predictions."""
        return len(self.targets) == 1

    @property
    def boolean_target(self) -> bool:
        """Whether y is false or true: two classes, where no loss says otherwise."""
        return self.single and not self.classes and self.known[self.targets[0]].kind == "boolean"

    @cached_property
    def sample(self) -> Dataset:
        """Rows that stand for all, in memory: each was taken with the same chance."""
        X, Y, weights = self.found.sample
        own = self.classes if self.encoding is None else self.encoding.classes  # y is their numbers already
        y = Y[:, 0] if self.single else Y
        rows = Dataset(X, y, weights, self.features, self.targets, self.source, self.encoding, classes=own)
        return rows.labelled(self.classes) if self.classes and not own else rows

    def notes_text(self) -> list[str]:
        """What was dropped, filled in or left out, one sentence each, in the current language."""
        return [text(key, **facts) for key, facts in self.notes]

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(rows={len(self)}, features={len(self.features)}, "
            f"targets={self.targets}, source={self.source!r})"
        )

    def fingerprint(self) -> dict[str, Any]:
        """Identity of the rows: number of rows and columns, and the SHA-256 of their second moments, which
        change with every number."""
        moments, digest = self.found.moments, hashlib.sha256(repr((self.features, self.targets)).encode())
        for part in (moments.mean, moments.G, moments.c, moments.target):
            digest.update(np.ascontiguousarray(part).data)
        digest.update(repr([*self.found.counts]).encode())
        return {"rows": len(self), "columns": len(self.features), "sha256": digest.hexdigest()}

    def labelled(self, classes: tuple[Any, ...] = ()) -> Any:
        """The same rows with y as class numbers of `classes`, by default the sorted values of y."""
        own = () if self.encoding is None else self.encoding.classes
        if own:
            return self._with_classes(own)
        if len(self.targets) != 1:
            raise DownslopeError("data.classes_of_several", targets=", ".join(self.targets))
        if classes:
            return self._with_classes(tuple(classes))
        target = self.known[self.targets[0]]
        if target.many:
            facts = {"column": target.name, "count": "> 1,000", "rows": target.rows}
            raise DownslopeError("data.too_many_classes", **facts)
        values = [_plain(value, target.kind) for value in sorted(target.counts)]
        if len(values) < 2:
            raise DownslopeError("data.one_class", column=target.name, value=values[0])
        return self._with_classes(tuple(values))

    def _with_classes(self, classes: tuple[Any, ...]) -> Any:
        return self if classes == self.classes else replace(self, classes=classes)  # type: ignore[type-var]

    def class_weights(self) -> np.ndarray:
        """Σs of the rows of each class, (K,)."""
        counts = self.known[self.targets[0]].counts
        kind = self.known[self.targets[0]].kind
        weights = {_plain(value, kind): weight / (1 << UNIT) for value, (_, weight) in counts.items()}
        return np.array([weights.get(value, 0.0) for value in self.classes])

    def refuse_constant_columns(self) -> None:
        """A constant column is indistinguishable from the intercept: a fit with one refuses it."""
        moments = self.found.moments
        flat = np.flatnonzero(np.diag(moments.G) <= 1e-28 * moments.mean**2)
        sample = self.found.sample[0]
        for column in flat:
            if (sample[:, column] == sample[0, column]).all() and len(self) > 1:
                facts = {"column": self.features[column], "value": f"{float(moments.mean[column]):g}"}
                raise DownslopeError("data.constant_column", **facts)


def _plain(value: Any, kind: str) -> Any:
    """A class as people name it: 5.0 as 5, and of a column of yes and no, True."""
    if isinstance(value, str):
        return value
    return bool(value) if kind == "boolean" else int(value) if value == int(value) else value


def permuted(count: int, epoch: int, seed: int, shard: int = 0) -> np.ndarray:
    """The numbers of parts, in the order of a pass: drawn by counter."""
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, shard, 1, epoch])).permutation(count)


def grouped(parts: Iterator[Dataset]) -> Iterator[Dataset]:
    """The rows of a few parts together."""
    held: list[Dataset] = []
    for part in parts:
        held += [part] if len(part) else []
        if len(held) == GROUP:
            yield _in_one(held)
            held = []
    if held:
        yield _in_one(held)


def _in_one(parts: list[Dataset]) -> Dataset:
    if len(parts) == 1:
        return parts[0]
    return together(parts, leased(sum(map(len, parts)), parts[0].X.shape[1]))


def together(parts: Sequence[Dataset], out: np.ndarray | None = None) -> Dataset:
    """The rows of all parts, one after the other; X is written to `out`, if given."""
    joined = lambda arrays: None if arrays[0] is None else np.concatenate(arrays)
    return replace(
        parts[0],
        X=np.concatenate([part.X for part in parts], out=out),
        y=joined([part.y for part in parts]),
        weights=joined([part.weights for part in parts]),
    )


@contextmanager
def numbered(first: int) -> Iterator[None]:
    """Errors about a row of a part give the row's number in the whole table."""
    try:
        yield
    except DownslopeError as error:
        if first and "row" in error.facts:
            raise DownslopeError(error.key, **{**error.facts, "row": error.facts["row"] + first}) from None
        raise


def rows_by_row(columns: np.ndarray) -> np.ndarray:
    """The transpose of columns (c, b), laid out row by row: (b, c)."""
    from ..kernels.compiled import compiled
    from ..kernels.gather import transpose
    from ..kernels.threads import each, threads

    c, b = columns.shape
    out = leased(b, c)
    if out.size < 1_000_000:
        out[:] = columns.T
        return out
    kernel, size = compiled(transpose), -(-b // (4 * threads()))
    each(lambda first: kernel(columns, first, min(first + size, b), out), range(0, b, size))
    return out


def labelled(part: Dataset, classes: tuple) -> Dataset:
    """The rows of a part with y as class numbers; where classes are called 0, 1, … they are those already,
    and a look will do in place of a sort."""
    if classes == tuple(range(len(classes))) and part.y is not None and len(part):
        numbers = part.y.astype(np.int64)
        if (numbers == part.y).all() and numbers.min() >= 0 and numbers.max() < len(classes):
            return replace(part, classes=classes)
    return part.labelled(classes)


def encoded(encoding: Encoding, table: Table, classes: tuple, first: int) -> Dataset:
    """The rows of a part that count, as numbers."""
    with numbered(first):
        dataset = encoding.apply(table)
    return labelled(dataset, classes) if classes and not encoding.classes else dataset


# ---- what a model asks first of all rows ---------------------------------------------------------------


SAMPLED = 2  # the second use of drawn numbers; the first is HELD
SAMPLE = 100_000  # rows, twice as many at most,
NUMBERS = 2**22  # or so many numbers


@dataclass(frozen=True)
class RowStats:
    """moments: means and second moments of x and y (class numbers as they are).  counts: rows of each part.
    sample: some of the rows, each taken with one chance.  drift: the largest share of a column's variance
    that lies between parts: as good as 0 where rows lie in no order."""

    moments: SecondMoments
    counts: tuple[int, ...]
    sample: tuple[np.ndarray, np.ndarray, np.ndarray | None]  # X, Y, weights
    drift: float = 0.0

    @property
    def rows(self) -> int:
        return sum(self.counts)


@dataclass
class RowStatsBuilder:
    """Part by part."""

    columns: int
    counts: list[int] = field(default_factory=list)
    _tree: PairwiseSum = field(default_factory=PairwiseSum)
    _some: list[tuple] = field(default_factory=list)  # drawn numbers, X, Y, weights
    _means: list[np.ndarray] = field(default_factory=list)  # of x and y, of each part that has rows
    _chance: float = 1.0
    _held: int = 0

    @classmethod
    def of_many(cls, columns: int, rows: int) -> RowStatsBuilder:
        """For some parts of so many rows in all: it need hold little more of them than are to be kept in the
        end. With a chance that leaves that many it is the same sample."""
        begun = cls(columns)
        while rows * begun._chance > 2.5 * begun._most:
            begun._chance /= 2
        return begun

    @classmethod
    def together(cls, runs: Sequence[RowStatsBuilder]) -> RowStatsBuilder:
        """Of neighbouring runs of parts, all but the last with the same number of them, a power of two."""
        whole = cls(runs[0].columns, _chance=min(run._chance for run in runs))
        for run in runs:
            whole.counts += run.counts
            whole._tree.add(run._tree.total)
            whole._some += run._some
            whole._means += run._means
        whole._thin()
        while whole._held > whole._most:
            whole._chance /= 2
            whole._thin()
        return whole

    def add(self, part: Dataset, first: int, places: np.ndarray | None) -> None:
        """The rows of a part whose first one has the number `first`; `places` of them in it, None for all."""
        n = len(part)
        self.counts.append(n)
        if not n:
            return
        Y = np.zeros((n, 0)) if part.y is None else np.asarray(part.y, dtype=float).reshape(n, -1)
        s = part.weights
        share = None if s is None else s / s.mean()
        weight = float(n if s is None else s.sum())
        self._moments(second_moments(part.X, Y, share, weight))
        self._sample(part.X, Y, s, first, places)

    def add_columns(self, block: NumericBlock, targets: int, first: int) -> None:
        """The same, of numbers that lie column by column, targets first."""
        n = block.columns.shape[1]
        self.counts.append(n)
        if n:
            X, Y = block.columns[targets:].T, np.ascontiguousarray(block.columns[:targets].T)
            self._moments(second_moments(X, Y, None, float(n)))
            self._sample(X, Y, None, first, block.places)

    def _moments(self, found: SecondMoments) -> None:
        self._tree.add(found)
        self._means.append(np.append(found.mean, found.target))

    def _sample(self, X, Y, weights, first: int, places: np.ndarray | None) -> None:
        """Rows whose drawn number is below the chance, which is halved where they become too many."""
        n = len(X)
        count = n if places is None else int(places[-1]) + 1
        draws = drawn(first, count, 0, SAMPLED)
        draws = draws if places is None else draws[places]
        taken = np.flatnonzero(draws < self._chance)
        part = X[taken] if X.flags.c_contiguous else np.ascontiguousarray(X[taken])
        self._some.append((draws[taken], part, Y[taken], None if weights is None else weights[taken]))
        self._held += len(taken)
        while self._held > self._most:
            self._chance /= 2
            self._thin()

    @property
    def _most(self) -> int:
        return 2 * min(SAMPLE, max(1000, NUMBERS // max(1, self.columns)))

    def _thin(self) -> None:
        kept = [np.flatnonzero(some[0] < self._chance) for some in self._some]
        self._some = [
            tuple(None if array is None else array[rows] for array in some)
            for some, rows in zip(self._some, kept)
        ]
        self._held = sum(map(len, kept))

    @property
    def result(self) -> RowStats | None:
        """None where no row counts."""
        if self._tree.total is None:
            return None
        _, X, Y, weights = zip(*self._some)
        s = None if weights[0] is None else np.concatenate(weights)
        total: SecondMoments = self._tree.total
        spread = np.zeros(len(total.target)) if total.variance is None else total.variance
        variance = np.append(np.diag(total.G), spread)
        between = np.var(self._means, axis=0) - variance * len(self._means) / sum(self.counts)
        drift = float((between[variance > 0] / variance[variance > 0]).max(initial=0.0))
        return RowStats(total, tuple(self.counts), (np.concatenate(X), np.concatenate(Y), s), drift)


def values_of_parts(stream: Any, name: str) -> Iterator[np.ndarray]:
    """The values of a column of the source that is no feature, for the rows of each part that count."""
    lenient = (lambda count: None) if stream.reading.on_bad_row == "skip" else None
    names = list(dict.fromkeys((*stream.filter.request.columns, name)))
    scan = stream.origin.scan(names, limits(stream.origin, stream.reading), None, lenient)
    for number, read in enumerate(cut(scan, stream.size)):
        table = Table(read, stream.source, formats=stream.origin.formats)
        rows, _ = stream.filter.rows(table, number * stream.size)
        if len(rows):
            values = column_values(rows, name)
            with suppress(ValueError):  # a text file has cells of text
                values = values.astype(float)
            yield values
