"""A linear model over rows that lie in parts: on a disk, or in the memory of other machines.

Every sum over the rows is a function of one part, computed by a `LinearTerm` of the part's own
rows; answers are added by neighbours (`data/parts.py`), an order that follows from the parts alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from ..data.dataset import Dataset
from ..data.partitioned import grouped, permuted
from ..data.statistics import SecondMoments, Standardise, identity, second_moments
from ..kernels.threads import one_blas_thread
from . import summing
from .class_weights import class_factors, weighted
from .linear import LinearTerm
from .naming import coded, output_names, param_names
from .row_sums import RowTerm
from .standardise import refuse_overflow

WORTH = 2**18  # numbers of a part from which on kernels sum them, which are loaded for the others anyway
PLAIN = 1e3  # condition of the moments up to which they alone tell θ* to 1e-13 (κ² is lost of 1e-16)
TOLD = 1e-3  # of the spread of y that f has to be, so that the moments tell it to 1e-13
CANCELLED = 1e-5  # of its terms by moments, that f has to be: where large weights cancel, known to 1e-11


@dataclass(frozen=True)
class TermSpec:
    """What makes a term of the rows of a part: everything but those rows."""

    loss: Any
    standardise: Standardise
    intercept: bool
    names: tuple[str, ...]
    weight: float  # the mean over all rows, the unit of a row's weight
    every: int = 1  # one row of each so many is looked at
    factors: np.ndarray | None = None  # (K,) class weights

    def weighed(self, part: Dataset) -> Dataset:
        """The rows of a part under the class weights."""
        return part if self.factors is None else weighted(part, self.factors)

    def term(self, part: Dataset) -> LinearTerm:
        """The part's own mean; times its rows it is its share of the sum."""
        Y, part = coded(part, self.loss), self.weighed(part)
        share = None if part.weights is None else part.weights / self.weight
        compiled = self.loss.kernel is not None and summing.numbers_in(part.X) * Y.shape[1] >= WORTH
        term = LinearTerm(
            part.X, Y, share, self.loss, self.standardise, self.intercept, self.names, None, compiled
        )
        return term.subsample(self.every) if self.every > 1 and len(part) >= self.every else term


def linear_over_parts(
    stream: Any, loss: Any, intercept: bool, scale: bool, class_weights: Any = None
) -> PartitionedTerm:
    """The mean loss of a linear model over the rows of a Stream; class weights take one more pass."""
    if loss.labels and not stream.classes:
        stream = stream.labelled()
    factors = class_factors(class_weights, loss, stream)
    moments = moments_under(factors, stream)
    standardise = moments.standardise(center=intercept) if scale else identity(len(stream.features))
    refuse_overflow(standardise, stream.features)
    names = param_names(stream.features, output_names(stream, loss), intercept)
    weight = moments.weight / stream.gathered.rows
    return PartitionedTerm(
        stream, TermSpec(loss, standardise, intercept, names, weight, factors=factors), moments
    )


def moments_under(factors: np.ndarray | None, stream: Any) -> SecondMoments:
    """The second moments of the rows of a Stream under class weights (K,)."""
    return stream.gathered.moments if factors is None else stream.map_reduce(partial(_moments, factors))


@dataclass(frozen=True, eq=False)
class PartitionedTerm(RowTerm):
    """The same f as a LinearTerm of all rows, which are looked at some at a time.

    stream: a `PartitionedDataset`, such as a `data.stream.Stream`, or rows in the memory of a cluster.
    """

    stream: Any
    pattern: TermSpec
    moments: SecondMoments

    in_memory = False
    dense, compiled, share = True, True, None

    @property
    def loss(self) -> Any:
        return self.pattern.loss

    @property
    def standardise(self) -> Standardise:
        return self.pattern.standardise

    @property
    def intercept(self) -> bool:
        return self.pattern.intercept

    @property
    def names(self) -> tuple[str, ...]:
        return self.pattern.names

    @cached_property
    def rows(self) -> int:
        if self.pattern.every == 1:
            return len(self.stream)
        every = self.pattern.every
        return sum(n // every if n >= every else n for n in self.stream.gathered.counts)

    @property
    def columns(self) -> int:
        return len(self.stream.features)

    @property
    def outputs(self) -> int:
        return len(output_names(self.stream, self.loss))

    def map_reduce(self, fn: Callable[[LinearTerm], Any], plus: Callable | None = None) -> Any:
        """Σ fn(part) over the parts, each a `LinearTerm` of its rows."""
        more = {} if plus is None else {"plus": plus}
        return self.stream.map_reduce(partial(_answered, self.pattern, fn), **more)

    # ---- values ------------------------------------------------------------------------------

    def value_and_gradient(self, theta, rows=None):
        """Value and gradient of the mean over all rows; and what `line` and `hessian` need. One pass; for a
        squared loss none, where the moments tell all digits."""
        known = self._by_moments(theta) if self.quadratic and self.pattern.every == 1 else None
        return self.at_rows(theta) if known is None else known

    def at_rows(self, theta):
        """The same, from a look at the rows. Whoever has asked for a Hessian will ask again: then it is
        found in the same pass."""
        bends = bool(self._asked)
        theta = np.array(theta)
        value, gradient, H = self.map_reduce(partial(_sums, theta, bends))
        seen = (theta, H / self.rows if bends else None)
        return value / self.rows, gradient / self.rows, seen

    def _by_moments(self, theta):
        moments, k = self.moments, self.outputs
        if moments.variance is None:
            return None
        inner = theta.reshape(-1, k)
        W = inner[: self.columns] / self.standardise.width[:, None]
        b = inner[self.columns] - self.standardise.center @ W if self.intercept else np.zeros(k)
        level = moments.mean @ W + b - moments.target  # (k,) by how much the mean prediction is off
        pull = moments.G @ W - moments.c  # (d, k)
        value = moments.variance + (W * (pull - moments.c)).sum(axis=0) + level**2
        size = moments.variance + (np.abs(W) * (np.abs(moments.G) @ np.abs(W))).sum(axis=0)  # of what cancels
        if not ((value > TOLD * moments.variance) & (value > CANCELLED * size)).all():
            return None
        away = (moments.mean - self.standardise.center)[:, None]
        back = 2 * (pull + away * level) / self.standardise.width[:, None]
        gradient = (np.vstack([back, 2 * level]) if self.intercept else back).ravel()
        return float(value.sum()), gradient, (theta, None)

    @cached_property
    def _asked(self) -> list[bool]:
        """Not empty once a Hessian was asked for."""
        return []

    def values(self, thetas) -> np.ndarray:
        """f at many weights, (m, p) → (m,)."""
        return self.map_reduce(partial(_values, np.asarray(thetas, dtype=float))) / self.rows

    def line(self, seen, direction):
        """Along θ + t·d: t → (f, slope), and t → all that `at` gives: a pass for each t."""
        theta = seen[0]
        found: dict[float, tuple] = {}

        def at(t):
            if t not in found:
                found.clear()
                found[t] = self.value_and_gradient(theta + t * direction)
            return found[t]

        def value_and_slope(t):
            value, gradient, _ = at(t)
            return value, float(gradient @ direction)

        return value_and_slope, at

    # ---- curvature ---------------------------------------------------------------------------

    def hessian(self, theta, seen=None) -> np.ndarray:
        """∂²f/∂θ², (p, p)"""
        if seen is not None and seen[1] is not None:
            return seen[1]
        self._asked.append(True)
        return self.map_reduce(partial(_bends, np.array(theta))) / self.rows

    @property
    def gathered(self) -> SecondMoments:
        return self.moments

    @cached_property
    def gram(self) -> np.ndarray:
        """G = Σᵢ sᵢ x̃ᵢx̃ᵢᵀ / Σᵢ sᵢ, the intercept's column of ones included.  (q, q)"""
        return self.moments.of(self.standardise, self.intercept)[0]

    def curvature_along(self, direction) -> float:
        """A bound on the curvature of f along a direction."""
        d = direction.reshape(-1, self.outputs)
        return self.loss.bound_for(self.outputs) * float((d * (self.gram @ d)).sum())

    @cached_property
    def row_size(self) -> float:
        """The mean of sᵢ/s̄·‖x̃ᵢ‖²."""
        return float(np.trace(self.gram))

    @cached_property
    def row_lipschitz(self) -> float:
        """The largest L that any one row has: one pass."""
        if not self.smooth:
            return np.inf
        return self.loss.bound_for(self.outputs) * self.map_reduce(_largest_row, plus=_larger)

    # ---- some rows ---------------------------------------------------------------------------

    @cached_property
    def sample(self) -> LinearTerm:
        """Some of the rows, in memory, in the same coordinates: for what is an expectation."""
        return replace(self.pattern, every=1).term(self.stream.sample).with_mean_weight()

    def thinning(self, enough: int) -> int:
        """One row of how many is enough: as many as the sample has, where those are."""
        return max(1, self.rows // self.sample.rows) if self.sample.rows >= enough else 1

    def subsample(self, every: int) -> LinearTerm | PartitionedTerm:
        """The same over one row of each `every`: of those that are held, or in a pass."""
        if every >= self.rows // self.sample.rows:
            return self.sample
        return replace(self, pattern=replace(self.pattern, every=every))

    def run_epoch(self, plan, workspace: dict):
        """What one pass of a stochastic method makes of θ: a few parts at a time, drawn from all over them.
        Where rows lie in several memories, each makes a pass over its own, and θ is their mean."""
        if not isinstance(plan.batch.order, str):
            plan.batch.order_of(0, plan.epoch, plan.seed)  # refused: rows that are given by number
        if self.stream.shards:
            return self.stream.map_shards(partial(_own_pass, self.pattern, plan))
        return plan.run(self.pieces(plan.batch, plan.epoch, plan.seed), workspace)

    def pieces(self, batch, epoch: int, seed: int) -> Iterator[tuple[LinearTerm, np.ndarray]]:
        """The rows of one pass, some at a time, and the order in which they are taken."""
        return _pieces(self.pattern, self.stream.blocks(batch.shuffles, epoch, seed), batch, epoch, seed)

    # ---- scale -------------------------------------------------------------------------------

    @cached_property
    def levels(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Classes by their weights. Two numbers with the mean and the spread of y, which are as good as y for
        a squared loss. For others, the y of the sample."""
        if self.loss.labels:
            k = self.outputs
            Y = np.eye(k) if k > 1 else np.array([[0.0], [1.0]])
            share = self.stream.class_weights() * (
                1.0 if self.pattern.factors is None else self.pattern.factors
            )
            return Y, share * (len(Y) / share.sum())
        moments = self.moments
        if self.quadratic and moments.variance is not None:
            size = np.sqrt(np.maximum(moments.variance, 0.0))
            return np.stack([moments.target - size, moments.target + size]), None
        return self.sample.Y, self.sample.relative_weight

    def intercept_only(self, theta) -> bool:
        """Whether f there is known without a look at a row."""
        return (self.loss.labels or self.quadratic) and super().intercept_only(theta)

    @cached_property
    def null_theta(self) -> np.ndarray:
        """The best θ with no feature in it, as far as `levels` tell it."""
        theta = np.zeros((self.columns + self.intercept, self.outputs))
        if self.intercept:
            theta[-1] = self.loss.null(*self.levels)
        return theta.ravel()

    # ---- small parts -------------------------------------------------------------------------

    def on(self, dataset) -> Any:
        """The same model, in the same coordinates, over other rows."""
        if isinstance(dataset, Dataset):
            return self.sample.on(dataset)
        moments = moments_under(self.pattern.factors, dataset)
        pattern = replace(self.pattern, weight=moments.weight / dataset.gathered.rows)
        return replace(self, stream=dataset, pattern=pattern, moments=moments)

    def with_loss(self, loss) -> PartitionedTerm:
        return replace(self, pattern=replace(self.pattern, loss=loss))


# ---- functions of one part


def _answered(pattern: TermSpec, fn: Callable, part: Dataset) -> Any:
    with one_blas_thread():  # on whatever machine it is
        return fn(pattern.term(part))


def _moments(factors: np.ndarray, part: Dataset) -> SecondMoments:
    part = weighted(part, factors)
    assert part.weights is not None and part.y is not None
    Y, s = np.asarray(part.y, dtype=float).reshape(len(part), -1), part.weights
    with one_blas_thread():
        return second_moments(part.X, Y, s / s.mean(), float(s.sum()))


def _sums(theta, bends: bool, term: LinearTerm):
    value, gradient, seen = term.value_and_gradient(theta)
    H = term.hessian(theta, seen) * term.rows if bends else 0.0
    return value * term.rows, gradient * term.rows, H


def _bends(theta, term: LinearTerm):
    return term.hessian(theta, term.value_and_gradient(theta)[2]) * term.rows


def _values(thetas, term: LinearTerm):
    return term.values(thetas) * term.rows


def _pieces(pattern, blocks: Iterable[Dataset], batch, epoch: int, seed: int, shard: int = 0):
    """The rows of each block, and the order in which they are taken, drawn by counter."""
    for number, rows in enumerate(blocks):
        draw = np.random.Generator(np.random.Philox(key=seed, counter=[0, shard, 2 + number, epoch]))
        n = len(rows)
        if batch.order == "replacement":
            order = draw.integers(0, n, n)
        else:
            order = draw.permutation(n) if batch.shuffles else np.arange(n)
        yield pattern.term(rows), order


def _own_pass(pattern: TermSpec, plan, parts: Sequence[Dataset], shard: int):
    """One of several passes from the same θ: over the parts of a shard."""
    n, key = len(parts), (plan.epoch, plan.seed, shard)
    order = permuted(n, *key).tolist() if plan.batch.shuffles else range(n)
    rows = sum(map(len, parts))
    weights = [pattern.weighed(part).weights for part in parts]
    weight = sum(float(len(part) if s is None else s.sum()) for part, s in zip(parts, weights))
    blocks = grouped(parts[number] for number in order)
    return plan.alone(rows, weight).run(_pieces(pattern, blocks, plan.batch, *key), {})


def _largest_row(term: LinearTerm) -> float:
    return float(term.row_sizes.max())


def _larger(one, other):
    return max(part for part in (one, other) if part is not None)
