"""What must be known of columns: a `Summary` of each to encode it, the coordinates in which they are of one
size, and their second moments. All of them add up over parts of the rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from ..kernels.threads import each, one_blas_thread
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
        counts, many = {}, not distinct or len(np.unique(values[: 8 * MANY])) > MANY  # the first ones tell
        if not many:
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
LAYERED = 2**15  # numbers whose layers stay in a core's own memory


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
    pieces = (values[first : first + LAYERED] for first in range(0, len(values), LAYERED))
    return sum(units(float(layer.sum())) for piece in pieces for layer in layers(piece))


def exact_sums(values: np.ndarray, places: np.ndarray, count: int) -> list[int]:
    """Σ of the values at each of so many places, in units of 2⁻¹⁰⁷⁴."""
    found = [0] * count
    for layer in layers(values):
        for place, total in enumerate(np.bincount(places, layer, count).tolist()):
            found[place] += units(total)
    return found


# ---- coordinates in which every column is of one size; rows are never written out in them -----------------


@dataclass(frozen=True)
class Standardise:
    """x̃ = (x − center)/width, by column."""

    center: np.ndarray  # (d,)
    width: np.ndarray  # (d,)
    sizes: np.ndarray | None = None  # (d,) the mean of x̃² over the rows that it was found on, where known

    @cached_property
    def plain(self) -> bool:
        """Whether columns are as they are."""
        return not self.center.any() and bool((self.width == 1).all())

    def to_user(self, theta: np.ndarray, intercept: bool) -> np.ndarray:
        """w = u/width,  b = c − center·w"""
        d = len(self.width)
        inner = theta.reshape(d + intercept, -1)
        user = inner.copy()
        user[:d] /= self.width[:, None]
        if intercept:
            user[d] -= self.center @ user[:d]
        return user.ravel()

    def to_inner(self, params: np.ndarray, intercept: bool) -> np.ndarray:
        """u = w·width,  c = b + center·w"""
        d = len(self.width)
        user = params.reshape(d + intercept, -1)
        inner = user * np.append(self.width, np.ones(int(intercept)))[:, None]
        if intercept:
            inner[d] = user[d] + self.center @ user[:d]
        return inner.ravel()

    def uncentred(self) -> Standardise:
        """Columns divided by their root mean square, and not moved: what is 0 stays 0."""
        width = np.hypot(self.width, self.center)
        sizes = None if self.sizes is None else (self.sizes * self.width**2 + self.center**2) / width**2
        return Standardise(np.zeros(len(width)), width, sizes)


def identity(d: int) -> Standardise:
    """Columns as they are."""
    return Standardise(np.zeros(d), np.ones(d))


def column_width(variance, mean, noise=1e-14) -> np.ndarray:
    """The standard deviation of each column; 1 where rounding is all that is left of a constant one."""
    width = np.sqrt(np.maximum(variance, 0.0))
    return np.where(width > noise * np.abs(mean), width, 1.0)


# ---- second moments ---------------------------------------------------------------------------------------


# How any two columns go together: means, and sums of products about them, in one read of the rows.
#
# The rows are shifted by a rough mean before they are multiplied, so that a column far from zero loses no
# digits; what the shift missed is taken off afterwards, and is small.


TASKS = 16  # parts that the rows are cut into, whatever the number of threads
PIECE = 65_536  # numbers that are multiplied at a time: they stay in the cache
ALONE = 2**21  # multiplications up to which one thread is done before two


@dataclass(frozen=True, eq=False)
class SecondMoments:
    """Weighted means over the rows: of each column, of each two of them, of each with each target."""

    mean: np.ndarray  # (d,) of x
    target: np.ndarray  # (k,) of y
    G: np.ndarray  # (d, d) of (x − mean)(x − mean)ᵀ
    c: np.ndarray  # (d, k) of (x − mean)(y − target)ᵀ
    weight: float = 1.0  # of all rows together, where moments of several parts are to be added
    variance: np.ndarray | None = None  # (k,) of (y − target)², where that was asked for

    def __add__(self, other: SecondMoments) -> SecondMoments:
        """Of the rows of both: what their means differ by counts too.  Chan, Golub & LeVeque 1983."""
        weight = self.weight + other.weight
        near, far = self.weight / weight, other.weight / weight
        x, y = other.mean - self.mean, other.target - self.target
        spread = None
        if self.variance is not None and other.variance is not None:
            spread = near * self.variance + far * other.variance + near * far * y**2
        return SecondMoments(
            self.mean + far * x,
            self.target + far * y,
            near * self.G + far * other.G + near * far * np.outer(x, x),
            near * self.c + far * other.c + near * far * np.outer(x, y),
            weight,
            spread,
        )

    def standardise(self, center: bool) -> Standardise:
        """x̃ = (x − mean)/σ; without a centre x/√(mean of x²)."""
        variance = np.diag(self.G)
        if center:
            return Standardise(self.mean, column_width(variance, self.mean))
        size = variance + self.mean**2
        return Standardise(np.zeros(len(size)), column_width(size, np.zeros(len(size))))

    def of(self, standardise: Standardise, intercept: bool) -> tuple[np.ndarray, np.ndarray]:
        """The means of x̃x̃ᵀ and of x̃yᵀ, (q, q) and (q, k), the intercept's column of ones included."""
        width, away = standardise.width, self.mean - standardise.center
        varies = np.diag(self.G) > (1e-14 * self.mean) ** 2  # else it is the rounding of a constant column
        G, c = self.G * varies * varies[:, None], self.c * varies[:, None]
        gram = (G + np.outer(away, away)) / width[:, None] / width
        with_target = (c + np.outer(away, self.target)) / width[:, None]
        if not intercept:
            return gram, with_target
        ones = (away / width)[:, None]
        return np.block([[gram, ones], [ones.T, np.ones((1, 1))]]), np.vstack([with_target, self.target])


def second_moments(
    X: np.ndarray, Y: np.ndarray, share: np.ndarray | None, weight: float | None = None
) -> SecondMoments:
    """One read of X (n, d), in either order, and Y (n, k); share (n,) are weights over their mean.
    `weight`: of a part of the rows, whose moments are to be added to others'."""
    n, d = X.shape
    q = d + Y.shape[1]
    sample = slice(0, n, max(1, n // 1000))
    rough = np.concatenate([X[sample].mean(axis=0, dtype=float), Y[sample].mean(axis=0)])  # (q,)
    size = min(max(PIECE // (q + 1), 512), n)
    whole = weight is None  # whose bits do not depend on the order that X lies in
    order: Any = "F" if X.flags.f_contiguous and not (whole or X.flags.c_contiguous) else "C"
    half = d // 2 if d >= 16 else d  # the lower left of a symmetric product is not worked out

    def summed(rows: slice) -> tuple[np.ndarray, np.ndarray]:
        upper, lower = np.zeros((half, q + 1)), np.zeros((d - half, q + 1 - half))
        row = np.ones((size, q + 1), order=order)  # x, y and 1, shifted
        for first in range(rows.start, rows.stop, size):
            last = min(first + size, rows.stop)
            piece = row[: last - first]
            np.subtract(X[first:last], rough[:d], out=piece[:, :d])
            np.subtract(Y[first:last], rough[d:], out=piece[:, d:q])
            left = piece if share is None else piece * share[first:last, None]
            upper += left[:, :half].T @ piece
            lower += left[:, half:d].T @ piece[:, half:]
        return upper, lower

    edges = [n * part // TASKS for part in range(TASKS + 1)]
    parts = [slice(a, b) for a, b in pairwise(edges) if a < b]
    with one_blas_thread():
        sums = [summed(part) for part in parts] if n * d * q <= ALONE else each(summed, parts)
    products = np.zeros((d, q + 1))
    for upper, lower in sums:
        products[:half] += upper
        products[half:, half:] += lower
    products /= n
    products[half:, :half] = products[:half, half:d].T
    missed = products[:, q]  # (d,)
    G = products[:, :d] - np.outer(missed, missed)
    shifted = Y - rough[d:]
    beyond = (shifted if share is None else share[:, None] * shifted).mean(axis=0)  # (k,)
    c = products[:, d:q] - np.outer(missed, beyond)
    target = rough[d:] + beyond
    if weight is None:
        return SecondMoments(rough[:d] + missed, target, (G + G.T) / 2, c)
    squares = (Y - target) ** 2
    spread = (squares if share is None else share[:, None] * squares).mean(axis=0)
    return SecondMoments(rough[:d] + missed, target, (G + G.T) / 2, c, weight, spread)
