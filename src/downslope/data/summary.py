"""What must be known of a column to encode it, in a few numbers that add up over parts of the rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .delimited import NUMBER
from .parts import plus
from .reading import Table

MANY = 1000  # distinct values of a column, beyond which they are counted no more


@dataclass(frozen=True)
class Summary:
    """Of one column over some rows of weights s (1 each where none are given).

    >>> table = Table.read({"x": [1.0, None, 3.0], "colour": ["red", "red", None]})
    >>> Summary.of(table, "x").mean, Summary.of(table, "colour").shares
    (2.0, {'red': 1.0})
    """

    name: str
    kind: str  # as `Table.kind` returns it
    rows: int = 0
    known: int = 0  # of them, those with a value
    sums: tuple[int, int, int] = (0, 0, 0)  # Σs, Σs·x, Σx over the known ones, exact (`exact.py`)
    low: float = np.inf
    high: float = -np.inf
    counts: dict[Any, tuple[int, int]] = field(default_factory=dict)  # value → rows, Σs; of text, classes
    many: bool = False  # more distinct values than `MANY`: they are not counted
    examples: tuple[str, ...] = ()  # of text: the first value, and the first that is no number

    @classmethod
    def of(
        cls, table: Table, name: str, weights: np.ndarray | None = None, distinct: bool = False
    ) -> Summary:
        """Of all rows of a table. `distinct`: count the values of numbers too, while they are few."""
        kind = table.kind(name)
        if kind == "other":
            return cls(name, kind, len(table))
        if kind == "text":
            return cls._of_text(table, name, weights)
        values = table.numbers(name)
        known = ~np.isnan(values)
        s = None if weights is None else weights[known]
        if not known.all():
            values = values[known]
        found = cls.of_numbers(name, kind, values, s, distinct)
        return replace(found, rows=len(table))

    @classmethod
    def of_numbers(
        cls, name: str, kind: str, values: np.ndarray, weights: np.ndarray | None, distinct: bool
    ) -> Summary:
        """Of numbers that are known."""
        n = len(values)
        if not n:
            return cls(name, kind, n)
        low, high = float(values.min()), float(values.max())
        total = exact_sum(values) if np.isfinite([low, high]).all() else 0
        sums = (n << UNIT, total, total)
        if weights is not None:
            sums = (exact_sum(weights), exact_sum(weights * values), total)
        counts, many = {}, not distinct
        if distinct:
            found, places, counted = np.unique(values, return_inverse=True, return_counts=True)
            many = len(found) > MANY
            counts = {} if many else _counts(found.tolist(), counted, places, weights)
        return cls(name, kind, n, n, sums, low, high, counts, many)

    @classmethod
    def _of_text(cls, table: Table, name: str, weights: np.ndarray | None) -> Summary:
        codes, texts = table.text(name)
        known = codes >= 0
        counted = np.bincount(codes[known], minlength=len(texts))
        many = int((counted > 0).sum()) > MANY
        examples = tuple(texts[:1]) + tuple(word for word in texts if not re.match(NUMBER, word))[:1]
        counts: dict[Any, tuple[int, int]] = {}
        if not many:
            s = None if weights is None else weights[known]
            counts = _counts(texts, counted, codes[known], s)
        rows, own = len(table), int(known.sum())
        return cls(name, "text", rows, own, counts=counts, many=many, examples=examples)

    def __add__(self, other: Summary) -> Summary:
        """Of the rows of both, in this order."""
        kind = other.kind if self.kind == "missing" else self.kind
        counts: dict[Any, tuple[int, int]] = {}
        many = self.many or other.many
        if not many:
            counts = dict(self.counts)
            for value, (n, w) in other.counts.items():
                before = counts.get(value, (0, 0))
                counts[value] = (before[0] + n, before[1] + w)
            many = len(counts) > MANY
            counts = {} if many else counts
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
            examples=self._examples(other),
        )

    def _examples(self, other: Summary) -> tuple[str, ...]:
        mine = self.examples
        words = [word for word in (*mine, *other.examples) if not re.match(NUMBER, word)]
        return (*(mine or other.examples)[:1], *words[:1])

    @property
    def mean(self) -> float:
        """Σs·x/Σs over the known values; over all alike where none of those rows weighs anything."""
        weight, total, plain = self.sums
        return total / weight if weight else plain / (self.known << UNIT)

    @property
    def shares(self) -> dict[Any, float]:
        """value → Σs over the rows that have it, in parts of all that is known."""
        weighed = sum(w for _, w in self.counts.values())
        if weighed:
            return {value: w / weighed for value, (_, w) in self.counts.items()}
        return {value: n / self.known for value, (n, _) in self.counts.items()}

    @property
    def constant(self) -> bool:
        """Whether all known values are one."""
        return len(self.counts) == 1 if self.kind == "text" else self.low == self.high

    @property
    def distinct(self) -> str:
        """How many distinct values there are, in words."""
        return f"> {MANY:,}" if self.many else str(len(self.counts))

    @property
    def example(self) -> str:
        """A known value, as text: the first that is not a number, else the first."""
        return self.examples[-1]


def _counts(
    values: list[Any], counted: np.ndarray, places: np.ndarray, weights: np.ndarray | None
) -> dict[Any, tuple[int, int]]:
    weighed = (
        [int(n) << UNIT for n in counted] if weights is None else exact_sums(weights, places, len(values))
    )
    return {value: (int(n), w) for value, n, w in zip(values, counted, weighed) if n}


# ---- sums that do not depend on the order of what is added: exact ones ---------------------------------


UNIT = 1074  # the smallest double is 2^-1074
LARGEST = 2.0**950  # beyond it, numbers are added one by one
PIECE = 2**15  # numbers whose layers stay in a core's own memory


def layers(values: np.ndarray) -> Iterator[np.ndarray]:
    """Arrays that add up to `values`, below 2⁹⁵⁰; float64 adds the numbers of each without an error."""
    bits = max(1, len(values).bit_length())
    rest = values
    while largest := _largest(rest):
        split = np.ldexp(1.0, int(np.frexp(largest)[1]) + bits)
        leading = rest + split
        leading -= split
        yield leading
        rest = rest - leading


def _largest(values: np.ndarray) -> float:
    return max(-float(values.min()), float(values.max())) if len(values) else 0.0


def units(value: float) -> int:
    """A double in units of 2⁻¹⁰⁷⁴."""
    top, bottom = value.as_integer_ratio()
    return top * (2**UNIT // bottom)


def exact_sum(values: np.ndarray) -> int:
    """Σ values, in units of 2⁻¹⁰⁷⁴; values are finite.

    >>> exact_sum(np.array([1e16, 1.0, -1e16])) == units(1.0)
    True
    """
    if len(values) and values[0] == values[-1] == 1.0 and (values == 1.0).all():
        return len(values) << UNIT
    if _largest(values) > LARGEST:
        return sum(map(units, values.tolist()))
    pieces = (values[first : first + PIECE] for first in range(0, len(values), PIECE))
    return sum(units(float(layer.sum())) for piece in pieces for layer in layers(piece))


def exact_sums(values: np.ndarray, places: np.ndarray, count: int) -> list[int]:
    """Σ of the values at each of so many places, in units of 2⁻¹⁰⁷⁴."""
    found = [0] * count
    for layer in layers(values):
        for place, total in enumerate(np.bincount(places, layer, count).tolist()):
            found[place] += units(total)
    return found
