"""Rows that are not in one memory: on a disk, or on other machines. A function of some rows is computed for
each part, and the results are added: `map_reduce`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import DownslopeError, Renamed, warn_renamed
from ..messages import text
from .block import RowStats
from .dataset import Dataset
from .encoding import Encoding
from .memory import leased
from .parts import ahead, plus
from .summary import UNIT, Summary

GROUP = 4  # parts whose rows are shuffled together


class PartitionedDataset:
    """n rows (xᵢ, yᵢ, sᵢ) in parts: the fields of a Dataset, and in place of X and y a function of each part,
    `map_reduce(fn)` = Σ fn(part).

    A subclass defines `map_reduce` and `part`, and the fields below that have no value.
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
    def drawn_in_parts(self) -> bool:
        """Whether a split by the rows' numbers in their source left these rows."""
        return False

    def map_reduce(self, fn: Callable[[Dataset], Any], plus: Callable[[Any, Any], Any] = plus) -> Any:
        """The sum over all parts of what `fn` returns for the rows of each, added as a `PairwiseSum` does."""
        raise NotImplementedError

    def part(self, number: int) -> Dataset:
        """The rows of one part, brought here."""
        raise NotImplementedError

    def map_shards(self, fn: Callable[[Sequence[Dataset], int], Any]) -> Any:
        """The sum over `shards` of what `fn` returns for the parts and the number of each."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any] | None:
        """Plain data, by which the same rows are opened again; None where nothing can open them."""
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
        """Give back what holds the rows."""

    def each(self) -> Iterator[Dataset]:
        """The rows of each part, in order."""
        return map(self.part, range(self.parts))

    def blocks(self, mixed: bool, epoch: int, seed: int) -> Iterator[Dataset]:
        """The rows of one pass, a few parts at a time: as they lie, or `mixed`, drawn from all over."""
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

    @cached_property
    def sample(self) -> Dataset:
        """Rows that stand for all, in memory: each was taken with the same chance."""
        X, Y, weights = self.found.sample
        own = self.classes if self.encoding is None else self.encoding.classes  # y is their numbers already
        y = Y[:, 0] if self.single else Y
        rows = Dataset(X, y, weights, self.features, self.targets, self.source, self.encoding, classes=own)
        return rows.labelled(self.classes) if self.classes and not own else rows

    def notes_text(self) -> list[str]:
        """What was dropped, filled in or left out, one sentence each, in the language of the moment."""
        return [text(key, **facts) for key, facts in self.notes]

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(rows={len(self)}, features={len(self.features)}, "
            f"targets={self.targets}, source={self.source!r})"
        )

    def fingerprint(self) -> dict[str, Any]:
        """Which rows these are: how many, of how many columns, and the SHA-256 of their second moments, which
        change with every number."""
        moments, digest = self.found.moments, hashlib.sha256(repr((self.features, self.targets)).encode())
        for part in (moments.mean, moments.G, moments.c, moments.target):
            digest.update(np.ascontiguousarray(part).data)
        digest.update(repr([*self.found.counts]).encode())
        return {"rows": len(self), "columns": len(self.features), "sha256": digest.hexdigest()}

    def labelled(self, classes: tuple[Any, ...] = ()) -> Any:
        """The same rows with y as class numbers: those of `classes`, or of the values found, sorted."""
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
            yield _together(held)
            held = []
    if held:
        yield _together(held)


def _together(parts: list[Dataset]) -> Dataset:
    if len(parts) == 1:
        return parts[0]
    weights: Any = [part.weights for part in parts]
    return replace(
        parts[0],
        X=np.concatenate([part.X for part in parts], out=leased(sum(map(len, parts)), parts[0].X.shape[1])),
        y=np.concatenate([part.y for part in parts]),
        weights=None if weights[0] is None else np.concatenate(weights),
    )
