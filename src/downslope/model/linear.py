"""Linear models: how weights become predictions, and what that makes of a loss over rows.

The weights that a method descends, θ, belong to standardised columns x̃ = (x − m)/σ; the ones that
people read belong to the columns as they are. One flat vector holds either: the weights of
feature 1 for each output, of feature 2, …, then the intercepts, so θ.reshape(-1, k) has a row for
each feature and a last row of intercepts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, reduce
from itertools import pairwise
from operator import add
from typing import Any

import numpy as np

from ..arguments import check, truth
from ..data.dataset import Dataset
from ..data.statistics import SecondMoments, Standardise, identity, second_moments
from ..kernels.threads import each
from . import linear_rows, passes, summing
from .class_weights import class_weighted
from .linear_rows import sparse_gram, times, transposed_times
from .losses import SQUARED, Loss
from .naming import coded, output_names, param_names
from .row_sums import WIDE, RowTerm
from .split_columns import SplitColumns
from .standardise import BLOCK, refuse_overflow, row_blocks, standardising

ALONE = 200_000  # numbers in X up to which one core is done before two
TINY = 64  # numbers in X up to which sums run in row order


@dataclass(frozen=True)
class Linear:
    """z = X·w + b.  `intercept`: whether there is a b; `scale`: descend on standardised columns."""

    intercept: bool = True
    scale: bool = True

    def __post_init__(self):
        check(self, intercept=truth, scale=truth)

    def term(
        self,
        dataset,
        loss: Loss,
        gathered: bool | SecondMoments = False,
        passes: int = 0,
        class_weights: Any = None,
    ) -> Any:
        """The mean loss of this model over the rows of a Dataset, a `LinearTerm`, or of a Stream, a
        `PartitionedTerm`; `gathered`: with their second moments, or with those that are known, from which the
        scaling is read too; `passes`: as many as a compiled sweep will make."""
        if not isinstance(dataset, Dataset):
            from .partitioned import linear_over_parts

            return linear_over_parts(dataset, loss, self.intercept, self.scale, class_weights)
        dataset = class_weighted(dataset, class_weights, loss)
        if dataset.weights is not None and not dataset.weights.all():
            dataset = dataset.take(dataset.weights > 0)  # a row of weight 0 has no effect
        X = dataset.X
        if loss.labels:
            dataset = dataset.labelled()
        Y = coded(dataset, loss)  # (n, k)
        share = None
        if dataset.weights is not None:
            share = np.asarray(dataset.weights, dtype=float)
            share = share / share.mean()  # (n,) mean 1
        by_kernels = loss.kernel is not None and (
            summing.worth_it(X, Y.shape[1]) or summing.worth_loading(X, Y.shape[1] * passes)
        )
        split = SplitColumns.of(X)
        moments = gathered if isinstance(gathered, SecondMoments) else None
        if gathered is True and isinstance(X, np.ndarray):
            moments = _moments(split, X, Y, share)
        if not self.scale:
            standardise = identity(X.shape[1])
        elif moments is not None:
            standardise = moments.standardise(center=self.intercept)
        else:
            standardise = standardising(X, share, self.intercept, by_kernels)
        names = param_names(dataset.features, output_names(dataset, loss), self.intercept)
        refuse_overflow(standardise, dataset.features)
        return LinearTerm(X, Y, share, loss, standardise, self.intercept, names, moments, by_kernels, split)


def _moments(split: SplitColumns | None, X, Y, share) -> SecondMoments:
    return second_moments(X, Y, share) if split is None else split.second_moments(Y, share)


@dataclass(frozen=True, eq=False)
class LinearTerm(RowTerm):
    """f(θ) = Σᵢ sᵢ ℓ(x̃ᵢ·u + c, yᵢ) / Σᵢ sᵢ, summed over outputs: the part of F that rows in memory make."""

    X: Any  # (n, d), or scipy.sparse CSR
    Y: np.ndarray  # (n, k)
    relative_weight: np.ndarray | None  # (n,) weights over their mean
    loss: Any  # a Loss
    standardise: Standardise
    intercept: bool
    names: tuple[str, ...]
    gathered: SecondMoments | None = None
    compiled: bool = False  # whether sums over all rows are made by kernels
    thin: SplitColumns | None = None  # what `split` returns, of the X that it was made of

    @property
    def split(self) -> SplitColumns | None:
        """X without the zeros of columns that are mostly zeros."""
        return None if self.thin is None or self.thin.X is not self.X else self.thin

    @property
    def rows(self) -> int:
        return self.X.shape[0]

    @property
    def columns(self) -> int:
        return self.X.shape[1]

    @property
    def outputs(self) -> int:
        return self.Y.shape[1]

    @property
    def dense(self) -> bool:
        return isinstance(self.X, np.ndarray)

    @cached_property
    def sequential(self) -> bool:
        """Whether sums run in row order, uncompiled: the digits that a loop by hand gives."""
        return self.dense and self.X.size * self.outputs <= TINY

    @cached_property
    def targets(self) -> np.ndarray:
        """y as a kernel takes it: (k, n), or of softmax the number of each row's class, (1, n)."""
        coupled = self.loss.coupled(self.outputs)
        return self.classes[None].astype(float) if coupled else np.ascontiguousarray(self.Y.T)

    @cached_property
    def classes(self) -> np.ndarray:
        """The number of each row's class, (n,)."""
        return (self.Y @ np.arange(self.outputs) if self.outputs > 1 else self.Y[:, 0]).astype(int)

    # ---- values ------------------------------------------------------------------------------

    def value_and_gradient(self, theta, rows=None):
        """Value and gradient of the mean over `rows` (all of them when None); and (θ, z), for `line`."""
        if rows is None and self.compiled and self.split is None:
            value, back, pull, z = summing.summed(self, theta)
            return value / self.rows, self._inward(back.T, pull) / self.rows, (theta, z)
        z = self.predictor(theta, rows)
        return *self.at_predictor(z, rows), (theta, z)

    def value(self, theta):
        return summing.summed(self, theta, False)[0] / self.rows if self.compiled else super().value(theta)

    def at_rows(self, theta):
        """The same: from a look at all rows."""
        return self.value_and_gradient(theta)

    def at_predictor(self, z, rows=None):
        """Value and gradient where z is known already."""
        value, slope = self.loss.value_and_slope(z, self.Y if rows is None else self.Y[rows])
        slope = self._back(self.weighted(slope, rows), rows)
        return self.sum_of(self.weighted(value, rows)) / len(z), slope / len(z)

    def predictor(self, theta, rows=None) -> np.ndarray:
        """z = x̃·u + c,  (b, k)"""
        d = self.X.shape[1]
        if self.sequential:
            X = self._in_row_order if rows is None else self._in_row_order[rows]
            return (X * theta.reshape(-1, self.outputs)).cumsum(axis=1)[:, -1]
        inner = theta.reshape(-1, self.outputs)
        W = inner[:d] / self.standardise.width[:, None]
        if self.split is not None and rows is None:
            z = self.split.times(W)
        else:
            z = times(self.X if rows is None else self.X[rows], W)
        if self.intercept:
            z += inner[d] - self.standardise.center @ W
        return z

    def products(self, W) -> np.ndarray:
        """x̃·W of all rows, for weights of as many outputs as W (q, m) has.  (n, m)"""
        return replace(self, Y=np.zeros((self.rows, W.shape[1]))).predictor(W.ravel())

    def _back(self, slope, rows) -> np.ndarray:
        """x̃ᵀ·slope for every weight: the transpose of `predictor`.  (p,)"""
        if self.sequential:
            X = self._in_row_order if rows is None else self._in_row_order[rows]
            return (X * slope[:, None]).cumsum(axis=0)[-1].ravel()
        if self.split is not None and rows is None:
            return self._inward(self.split.transposed_times(slope), slope.sum(axis=0))
        X = self.X if rows is None else self.X[rows]
        return self._inward(transposed_times(X, slope), slope.sum(axis=0))

    def _inward(self, total, pull) -> np.ndarray:
        """x̃ᵀ·slope from xᵀ·slope (d, k) and the slopes' sum (k,).  (p,)"""
        if self.intercept and self.standardise.center.any():
            total = total - self.standardise.center[:, None] * pull
        total = total / self.standardise.width[:, None]
        return (np.vstack([total, pull]) if self.intercept else total).ravel()

    def values(self, thetas) -> np.ndarray:
        """f at many weights, (m, p) → (m,): for pictures and exhaustive search."""
        thetas = np.asarray(thetas, dtype=float)
        out = np.empty(len(thetas))
        chunk = max(1, 4_000_000 // max(1, self.rows * self.outputs))
        for first in range(0, len(thetas), chunk):
            part = thetas[first : first + chunk]
            if self.sequential and len(part) <= 1_000:  # in row order; a picture needs no such digits
                out[first : first + chunk] = [self.value_and_gradient(theta)[0] for theta in part]
                continue
            many = part.reshape(len(part), -1, self.outputs).transpose(1, 0, 2)  # (d + i, m, k)
            wide = replace(self, Y=np.zeros((self.rows, len(part) * self.outputs)))
            z = wide.predictor(many.reshape(many.shape[0], -1).ravel())
            value = self.loss.value(z.reshape(self.rows, len(part), self.outputs), self.Y[:, None, :])
            value = self.weighted(value)
            out[first : first + chunk] = value.sum(axis=(0, 2)) / self.rows
        return out

    def plane(self, theta, across, up):
        """(a, b) → f(θ + a·across + b·up), for points (m, 2), from three looks at X."""
        return linear_rows.plane(self, theta, across, up)

    def line(self, seen, direction):
        """Along θ + t·d: t → (f, slope), and t → all that `at` gives."""
        return linear_rows.line(self, seen[0], seen[1], direction)

    # ---- curvature ---------------------------------------------------------------------------

    def hessian(self, theta, seen=None) -> np.ndarray:
        """∂²f/∂θ², (p, p)"""
        z = self.predictor(theta) if seen is None else seen[1]
        k = self.outputs
        if self.compiled and self.dense and self.split is None and self.size // k <= summing.NARROW:
            return summing.curvatures(self, z) / self.rows
        if self.loss.coupled(k):
            return self.coupled_gram(lambda rows: self.loss.curvature(z[rows], self.Y[rows]))
        curvature = self.weighted(self.loss.curvature(z, self.Y))  # (n, k)
        out = np.zeros((self.size, self.size))
        for c in range(k):
            out[c::k, c::k] = self._weighted_gram(curvature[:, c])
        return out

    def coupled_gram(self, curvature) -> np.ndarray:
        """Σᵢ sᵢ x̃ᵢx̃ᵢᵀ ⊗ Cᵢ / Σᵢ sᵢ, (p, p); `curvature` gives the C, (b, k, k), of a slice of rows."""
        k, p = self.outputs, self.size
        if self.split is not None:
            C, H = self.weighted(curvature(slice(None))), np.empty((p, p))
            for a in range(k):
                for b in range(k):
                    H[a::k, b::k] = H[b::k, a::k] if b < a else self._weighted_gram(C[:, a, b])
            return H

        def summed(rows, block):
            out = np.empty((p, p))
            C = self.weighted(curvature(rows), rows)
            for a in range(k):
                pulled = block[:, :, None] * C[:, None, a]  # (b, q, k)
                out[a::k] = block.T @ pulled.reshape(len(block), p)
            return out

        return self._block_sums(summed, 4_000_000 // (p * k)) / self.rows  # so that memory stays small

    def _block_sums(self, of, size: int = BLOCK):
        """Σ of(rows, x̃) over blocks of `size` rows, in their order, on all cores: in 16 parts at most, that
        follow from n alone."""
        size = max(1, min(size, BLOCK, -(-self.rows // 16) if self.rows * self.columns > ALONE else BLOCK))
        edges = [-(-self.rows * part // (16 * size)) * size for part in range(17)]
        parts = [slice(a, min(b, self.rows)) for a, b in pairwise(edges) if a < min(b, self.rows)]
        added = lambda part: reduce(add, (of(*one) for one in self.blocks(size=size, within=part)))
        return reduce(add, each(added, parts))

    @cached_property
    def gram(self) -> np.ndarray:
        """G = Σᵢ sᵢ x̃ᵢx̃ᵢᵀ / Σᵢ sᵢ, the intercept's column of ones included.  (q, q)"""
        if self.dense:
            return self.moments.of(self.standardise, self.intercept)[0]
        return self._weighted_gram(self.row_weights)

    @cached_property
    def moments(self) -> SecondMoments:
        """Those of dense rows: gathered at the start, or now."""
        return self.gathered or _moments(self.split, self.X, self.Y, self.relative_weight)

    def _weighted_gram(self, weight) -> np.ndarray:
        if not self.dense:
            return sparse_gram(self.X, weight, self.standardise, self.intercept) / self.rows
        if self.split is not None:
            return self.split.gram(weight, self.standardise, self.intercept) / self.rows
        return self._block_sums(lambda rows, block: (block * weight[rows, None]).T @ block) / self.rows

    def blocks(self, dtype=np.float64, size=BLOCK, within=slice(0, None)):
        """The standardised columns, the intercept's ones included, `size` of the rows `within` at a time."""
        first, last, _ = within.indices(self.rows)
        for part in row_blocks(last - first, size):
            rows = slice(first + part.start, first + part.stop)
            X = self.X[rows] if self.dense else self.X[rows].toarray()
            block = (X.astype(dtype) - self.standardise.center) / self.standardise.width
            yield rows, np.hstack([block, np.ones((len(block), 1), dtype)]) if self.intercept else block

    def gram_times(self, v) -> np.ndarray:
        """G·v, (q,), from one pass over the rows instead of G."""
        return self._flat.value_and_gradient(np.ravel(v))[1] / 2

    @cached_property
    def _flat(self) -> LinearTerm:
        """vᵀG·v, over the same rows."""
        return replace(self, Y=np.zeros((self.rows, 1)), loss=SQUARED, names=(), gathered=None)

    @cached_property
    def spectrum(self) -> tuple[float, float]:
        """The largest and the smallest curvature of Σ sᵢ½(x̃ᵢ·θ)²/Σ sᵢ: the outer eigenvalues of G."""
        if self.inputs <= WIDE:
            return super().spectrum
        # G itself would be too large: Lanczos on its products
        from scipy.sparse.linalg import LinearOperator, eigsh

        if not self.row_sizes.any():
            return 0.0, 0.0
        size = self.inputs
        operator = LinearOperator((size, size), matvec=self.gram_times, dtype=float)
        start = np.ones(size)  # fixed, so that the same rows give the same bits
        return float(eigsh(operator, 1, v0=start, tol=1e-4, return_eigenvectors=False)[0]) * 1.001, 0.0

    def curvature_along(self, direction) -> float:
        """A bound on the curvature of f along a direction, which costs one product."""
        z = self.predictor(direction)
        return self.loss.bound_for(self.outputs) * float((self.weighted(z) * z).sum()) / self.rows

    @property
    def sample(self) -> LinearTerm:
        """Rows that stand for all, in memory: these."""
        return self

    def map_reduce(self, fn, plus=None):
        """fn of all rows, as of one part; see `partitioned`."""
        return fn(self)

    def thinning(self, enough: int) -> int:
        """n: every n-th row is enough."""
        return next((every for every in (16, 4) if self.rows >= enough * every), 1)

    def epoch_body(self, plan, ready):
        """What makes one pass over these rows; see `passes`."""
        return passes.body(self, plan, ready)

    def run_epoch(self, plan, workspace: dict):
        """What one pass of a stochastic method makes of θ: all rows at once, in the order that they are
        taken in."""
        return plan.run([(self, plan.batch.order_of(self.rows, plan.epoch, plan.seed))], workspace)

    def subsample(self, every: int) -> LinearTerm:
        """The same over one row of each `every`, drawn once."""
        if every not in self._thinned:
            n = self.rows // every
            rows = every * np.arange(n) + np.random.Generator(np.random.Philox(0)).integers(0, every, n)
            self._thinned[every] = self.take(rows).with_mean_weight()
        return self._thinned[every]

    def take(self, rows, **changes) -> LinearTerm:
        """The same model, in the same coordinates, over some of its rows, whose weights stay as they are."""
        share = None if self.relative_weight is None else self.relative_weight[rows]
        parts = {"X": self.X[rows], "Y": self.Y[rows], "relative_weight": share, "gathered": None}
        parts["thin"] = None if self.split is None else self.split.take(rows, parts["X"])
        return replace(self, **{**parts, **changes})

    def with_mean_weight(self) -> LinearTerm:
        """The same rows with weights of mean 1."""
        share = self.relative_weight
        return self if share is None else replace(self, relative_weight=share / (share.mean() or 1.0))

    @cached_property
    def _thinned(self) -> dict[int, LinearTerm]:
        return {}

    @cached_property
    def row_sizes(self) -> np.ndarray:
        """sᵢ/s̄·‖x̃ᵢ‖², (n,): times the loss's curvature bound, the L of one row."""
        return linear_rows.of_each(self)

    @cached_property
    def row_size(self) -> float:
        """The mean of `row_sizes`."""
        return linear_rows.mean(self)

    @cached_property
    def rough_row_size(self) -> float:
        """The same of some rows, where that of all would take a look at them."""
        return linear_rows.rough(self)

    @property
    def row_lipschitz(self) -> float:
        """The largest L that any one row has."""
        return self.loss.bound_for(self.outputs) * float(self.row_sizes.max()) if self.smooth else np.inf

    @cached_property
    def null_theta(self) -> np.ndarray:
        """The best θ with no feature in it: zeros, and the intercept that predicts y best."""
        theta = np.zeros((self.X.shape[1] + self.intercept, self.outputs))
        if self.intercept:
            theta[-1] = self.loss.null(self.Y, self.relative_weight)
        return theta.ravel()

    @cached_property
    def levels(self) -> tuple[np.ndarray, np.ndarray | None]:
        """All y; of classes one row for each is enough."""
        if not self.loss.labels:
            return self.Y, self.relative_weight
        if self.outputs > 1:
            counts = np.bincount(self.classes, self.relative_weight, self.outputs)
            return np.eye(self.outputs), counts * (self.outputs / self.rows)
        ones = float(self.weighted(self.Y).sum())
        return np.array([[0.0], [1.0]]), np.array([self.rows - ones, ones]) * (2 / self.rows)

    # ---- small parts -------------------------------------------------------------------------

    def on(self, dataset) -> LinearTerm:
        """The same model, in the same coordinates, over other rows."""
        share = None if dataset.weights is None else dataset.weights / dataset.weights.mean()
        parts = {"X": dataset.X, "Y": coded(dataset, self.loss), "relative_weight": share}
        return replace(self, **parts, gathered=None, thin=SplitColumns.of(dataset.X))

    def uncentred(self) -> LinearTerm:
        """The same f, of sparse rows in coordinates that leave their zeros alone."""
        if self.dense or not self.standardise.center.any():
            return self
        return replace(self, standardise=self.standardise.uncentred())

    def with_loss(self, loss: Loss) -> LinearTerm:
        return replace(self, loss=loss)

    @cached_property
    def _in_row_order(self) -> np.ndarray:
        """x̃ and the intercept's 1, (n, q, 1), for sums that are made one number after the other."""
        X = (self.X.astype(float) - self.standardise.center) / self.standardise.width
        return np.hstack([X, np.ones((self.rows, int(self.intercept)))])[:, :, None]

    @property
    def _mean_square(self) -> float:
        """Of y, over rows by their weights, and over outputs."""
        Y = self.weighted(self.Y)
        return float(np.einsum("nk,nk->", Y, self.Y)) / Y.size

    def sum_of(self, values) -> float:
        """Row by row when tiny, pairwise otherwise."""
        return float(values.cumsum()[-1]) if self.sequential else float(values.sum())
