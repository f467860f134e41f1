"""What a model asks first of all rows, found in one pass over their parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .block import SAMPLED, Block
from .dataset import Dataset
from .parts import Tree, drawn
from .second_moments import SecondMoments, second_moments

SAMPLE = 100_000  # rows, twice as many at most,
NUMBERS = 2**22  # or so many numbers


@dataclass(frozen=True)
class Gathered:
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
class Gathering:
    """Part by part."""

    columns: int
    counts: list[int] = field(default_factory=list)
    _tree: Tree = field(default_factory=Tree)
    _some: list[tuple] = field(default_factory=list)  # drawn numbers, X, Y, weights
    _means: list[np.ndarray] = field(default_factory=list)  # of x and y, of each part that has rows
    _chance: float = 1.0
    _held: int = 0

    @classmethod
    def of_many(cls, columns: int, rows: int) -> Gathering:
        """For some parts of so many rows in all: it need hold little more of them than are to be kept in the
        end. With a chance that leaves that many it is the same sample."""
        begun = cls(columns)
        while rows * begun._chance > 2.5 * begun._most:
            begun._chance /= 2
        return begun

    @classmethod
    def together(cls, runs: Sequence[Gathering]) -> Gathering:
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

    def add_columns(self, block: Block, targets: int, first: int) -> None:
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
    def result(self) -> Gathered | None:
        """None where no row counts."""
        if self._tree.total is None:
            return None
        _, X, Y, weights = zip(*self._some)
        s = None if weights[0] is None else np.concatenate(weights)
        total: SecondMoments = self._tree.total
        spread = np.zeros(len(total.target)) if total.spread is None else total.spread
        variance = np.append(np.diag(total.G), spread)
        between = np.var(self._means, axis=0) - variance * len(self._means) / sum(self.counts)
        drift = float((between[variance > 0] / variance[variance > 0]).max(initial=0.0))
        return Gathered(total, tuple(self.counts), (np.concatenate(X), np.concatenate(Y), s), drift)
