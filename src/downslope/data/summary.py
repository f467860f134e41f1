"""What must be known of a column to encode it, in a few numbers that add up over parts of the rows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .delimited import NUMBER
from .parts import plus
from .reading import Table

MANY = 1000  # distinct values of a column from which on, over several parts, they are counted no more


@dataclass(frozen=True)
class Summary:
    """Of one column over some rows of weights s (1 each where none are given).

    >>> table = Table.read({"x": [1.0, None, 3.0], "colour": ["red", "red", None]})
    >>> Summary.of(table, "x").mean, Summary.of(table, "colour").shares
    (2.0, {'red': 1.0})
    """

    name: str
    kind: str  # as `Table.kind` tells it
    rows: int = 0
    known: int = 0  # of them, those with a value
    sums: tuple[float, float, float] = (0.0, 0.0, 0.0)  # Σs, Σs·x, Σx over the known ones
    low: float = np.inf
    high: float = -np.inf
    counts: dict[Any, tuple[int, float]] = field(default_factory=dict)  # value → rows, Σs; of text, classes
    many: bool = False  # more distinct values than `counts` holds

    @classmethod
    def of(
        cls, table: Table, name: str, weights: np.ndarray | None = None, distinct: bool = False
    ) -> Summary:
        """Of all rows of a table. `distinct`: count the values of numbers too, while they are few."""
        kind = table.kind(name)
        if kind == "other":
            return cls(name, kind, len(table))
        if kind == "text":
            codes, texts = table.text(name)
            known = codes >= 0
            counted = np.bincount(codes[known], minlength=len(texts)).tolist()
            s = None if weights is None else weights[known]
            weighed = counted if s is None else np.bincount(codes[known], s, len(texts)).tolist()
            counts = {word: (n, float(w)) for word, n, w in zip(texts, counted, weighed)}
            return cls(name, kind, len(table), int(known.sum()), counts=counts)
        values = table.numbers(name)
        known = ~np.isnan(values)
        s = None if weights is None else weights[known]
        if not known.all():
            values = values[known]
        if not len(values):
            return cls(name, kind, len(table))
        total = float(values.sum())
        sums = (float(len(values)), total) if s is None else (float(s.sum()), float((s * values).sum()))
        counts, many = {}, True
        if distinct:
            found, places, counted_ = np.unique(values, return_inverse=True, return_counts=True)
            many = len(found) > MANY
            weighed = counted_ if s is None else np.bincount(places, s, len(found))
            rows = zip(found.tolist(), counted_.tolist(), weighed.tolist())
            counts = {} if many else {value: (n, float(w)) for value, n, w in rows}
        return cls(
            name, kind, len(table), len(values), (*sums, total),
            float(values.min()), float(values.max()), counts, many,
        )  # fmt: skip

    def __add__(self, other: Summary) -> Summary:
        """Of the rows of both, in this order."""
        kind = other.kind if self.kind == "missing" else self.kind
        many = self.many or other.many or max(len(self.counts), len(other.counts)) > MANY
        counts = max(self.counts, other.counts, key=len) if many else self.counts
        if other.counts and not many:
            counts = dict(counts)
            for value, (n, w) in other.counts.items():
                before = counts.get(value, (0, 0.0))
                counts[value] = (before[0] + n, before[1] + w)
        return replace(
            self,
            kind=kind,
            rows=self.rows + other.rows,
            known=self.known + other.known,
            sums=plus(self.sums, other.sums),
            low=min(self.low, other.low),
            high=max(self.high, other.high),
            counts=counts,
            many=many,
        )

    @property
    def mean(self) -> float:
        """Σs·x/Σs over the known values; over all alike where none of those rows weighs anything."""
        weight, total, plain = self.sums
        return total / weight if weight else plain / self.known

    @property
    def shares(self) -> dict[Any, float]:
        """value → Σs over the rows that have it, in parts of all that is known."""
        weighed = sum(w for _, w in self.counts.values())
        if weighed:
            return {value: w / weighed for value, (_, w) in self.counts.items()}
        return {value: n / self.known for value, (n, _) in self.counts.items()}

    @property
    def constant(self) -> bool:
        """Whether all known values are one number."""
        return self.low == self.high

    @property
    def example(self) -> str:
        """A known value, as text: the first that is not a number, else the first."""
        values = [str(value) for value in self.counts]
        return next((value for value in values if not re.match(NUMBER, value)), values[0])
