"""The rows of a fit as the findings about data look at them, and the numbers that they compute from them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..data.encoding import Column
from ..model.naming import coded

LEAST, MOST = 30, 5_000  # rows: of fewer nothing is said, of more no others are looked at column by column
HASHED = 200_000  # rows, of each side, that are compared with one another
FLAT = 1e-9  # of the size of the target: a spread of it, or of the residuals, that is rounding
WORK = 4e7  # multiplications of a Gram matrix, at most


@dataclass(frozen=True)
class Source:
    """A column of the table: the features that encode it."""

    name: str
    features: slice
    numeric: bool


@dataclass(frozen=True, eq=False)
class Evidence:
    """The rows of a fit, some of them where there are many, and what the model makes of them."""

    solution: Any
    rows: Any  # a Dataset
    held_out: Any = None  # of the validation rows
    all_rows: Any = None  # of those in memory, and all validation rows
    all_held_out: Any = None
    count: int = 0  # of all rows, in memory or not

    @classmethod
    def of(cls, solution: Any, dataset: Any, held_out: Any = None) -> Evidence:
        """From a Dataset, or rows in parts."""
        rows, held = dataset.sample, None if held_out is None else held_out.sample
        most = int(min(MOST, max(2 * LEAST, WORK / max(1, rows.shape[1]) ** 2)))
        few = None if held is None else some(held, most)
        return cls(solution, some(rows, most), few, rows, held, len(dataset))

    @cached_property
    def X(self) -> np.ndarray:
        return dense(self.rows.X)

    @cached_property
    def sources(self) -> list[Source]:
        """The columns of the table, or of X."""
        encoding = self.rows.encoding
        if encoding is None or encoding.features != self.rows.features:
            return [Source(name, slice(j, j + 1), True) for j, name in enumerate(self.rows.features)]
        found, first = [], 0
        for column in encoding.columns:
            last = first + len(column.features)
            found.append(Source(column.name, slice(first, last), column.kind != "text"))
            first = last
        return found

    def values(self, source: Source, X: np.ndarray | None = None) -> np.ndarray:
        """One number for each row: the column's, or of text a number for each category.  (n,)"""
        block = (self.X if X is None else X)[:, source.features]
        return block[:, 0] if block.shape[1] == 1 else block @ np.arange(1.0, block.shape[1] + 1)

    @cached_property
    def objective(self) -> Any:
        return self.solution.objective(self.rows)

    @cached_property
    def theta(self) -> np.ndarray:
        return self.objective.to_inner(self.solution.params)

    @cached_property
    def free(self) -> np.ndarray:
        """The weights that a penalty has not set to 0, and the intercept.  (q,) of bool"""
        count = len(self.theta)
        return (self.theta != 0) | (np.arange(count) >= self.X.shape[1]) | (not self.objective.nonsmooth)

    def used(self, X: Any) -> np.ndarray:
        """Rows of the columns with a free weight, in the coordinates of `fitted`."""
        own = self.objective.term
        term = replace(own, X=X, Y=np.zeros((X.shape[0], 1)), relative_weight=None)
        return np.vstack([np.empty((0, int(self.free.sum()))), *(B[:, self.free] for _, B in term.blocks())])

    @property
    def weight_names(self) -> list[str]:
        """Those of the free weights."""
        return [name for name, free in zip(self.objective.names, self.free) if free]

    @property
    def in_memory(self) -> tuple[Any, Any]:
        """All training and validation rows that are in memory."""
        return self.all_rows, self.all_held_out

    @cached_property
    def Y(self) -> np.ndarray:
        """y as the loss takes it, (n, k)."""
        return coded(self.labelled(self.rows), self.solution.recipe.loss)

    def labelled(self, rows: Any) -> Any:
        """Rows whose y is the number of a class, where the model is one of classes."""
        return rows.labelled(self.solution.classes) if self.solution.classes else rows

    @property
    def one_output(self) -> bool:
        """Whether leverages say what each row does: a smooth loss of one linear predictor, enough rows."""
        loss, d = self.solution.recipe.loss, self.X.shape[1]
        known = (loss.quadratic or loss.likelihood) and not self.solution.is_net
        exact = loss.quadratic and self.solution.loss <= FLAT**2 * float(self.Y.var())
        return known and not exact and self.Y.shape[1] == 1 and len(self.rows) >= max(LEAST, 2 * d)

    @cached_property
    def fitted(self) -> Fitted:
        return Fitted.of(self)

    @property
    def squared(self) -> bool:
        return self.one_output and self.solution.recipe.loss.quadratic


@dataclass(frozen=True, eq=False)
class Fitted:
    """Of one linear predictor: what a Newton step from the end says of each row left out.

    z₋ᵢ = z + (ℓ′/ℓ″)·h/(1 − h), exact for a squared loss (Allen 1974), with the leverage h = ℓ″·x̃ᵀA⁻¹x̃.
    """

    B: np.ndarray  # (n, q) columns and intercept
    share: np.ndarray  # (n,) weights of rows, over their mean
    z: np.ndarray  # (n,)
    y: np.ndarray  # (n,)
    slope: np.ndarray  # (n,) sℓ′
    curvature: np.ndarray  # (n,) sℓ″
    inverse: np.ndarray  # (q, q) A⁻¹ = (n·∇²F)⁻¹ of the weights that are not 0
    h: np.ndarray  # (n,) in the fit to all rows
    fraction: float  # of all rows that these are
    loss: Any

    @classmethod
    def of(cls, evidence: Evidence) -> Fitted:
        objective, term, theta = evidence.objective, evidence.objective.term, evidence.theta
        B = np.vstack([block for _, block in term.blocks()])
        l2 = np.asarray(objective.l2, dtype=float)
        B, l2 = B[:, evidence.free], l2[evidence.free]
        z, y = term.predictor(theta)[:, 0], term.Y[:, 0]
        share = np.ones(len(z)) if term.relative_weight is None else np.ravel(term.relative_weight)
        slope = share * term.loss.slope(z[:, None], y[:, None])[:, 0]
        curvature = share * term.loss.curvature(z[:, None], y[:, None])[:, 0]
        A = B.T @ (curvature[:, None] * B) + len(z) * np.diag(l2)
        inverse = np.linalg.pinv(A, rcond=1e-12, hermitian=True)
        fraction = len(z) / evidence.count
        h = np.minimum(fraction * curvature * ((B @ inverse) * B).sum(axis=1), 1 - 1e-9)
        return cls(B, share, z, y, slope, curvature, inverse, h, fraction, term.loss)

    @property
    def newton(self) -> np.ndarray:
        """ℓ′/ℓ″, of a squared loss z − y.  (n,)"""
        return self.slope / np.maximum(self.curvature, 1e-300)

    def losses(self, z: np.ndarray) -> np.ndarray:
        """sᵢℓ(zᵢ, yᵢ).  (n,)"""
        return self.share * self.loss.value(z[:, None], self.y[:, None])[:, 0]

    @cached_property
    def left_out(self) -> np.ndarray:
        """The loss of each row by the model of all others.  (n,)"""
        return self.losses(self.z + self.newton * self.h / (1 - self.h))

    @cached_property
    def constant(self) -> np.ndarray:
        """The loss of each row by the best constant of all others.  (n,)"""
        z = np.full((len(self.y), 1), np.ravel(self.loss.null(self.y[:, None], self.share))[0])
        slope, curvature = self.loss.slope(z, self.y[:, None]), self.loss.curvature(z, self.y[:, None])
        h = self.share[:, None] * curvature / float((self.share[:, None] * curvature).sum())
        return self.losses((z + slope / np.maximum(curvature, 1e-300) * h / (1 - h))[:, 0])

    @property
    def standard_errors(self) -> np.ndarray:
        """Of the weights, by the model: σ̂²(XᵀX)⁻¹.  (q,)"""
        n, q = self.B.shape
        e = self.y - self.z
        return np.sqrt(2 * (self.share * e * e).sum() / (n - q) * np.diag(self.inverse))


# ── numbers ─────────────────────────────────────────────────────────────────────────────────────────


def some(rows: Any, most: int) -> Any:
    """At most so many rows, drawn by seed 0, in their order."""
    if len(rows) <= most:
        return rows
    drawn = np.random.default_rng(0).choice(len(rows), most, replace=False, shuffle=False)
    return rows.take(np.sort(drawn))


def dense(X: Any) -> np.ndarray:
    return np.asarray(X if isinstance(X, np.ndarray) else X.toarray(), dtype=float)


def explained_by_others(X: np.ndarray, without: slice, Y: np.ndarray) -> float:
    """R² of the centred Y by the other columns."""
    others = np.delete(X, np.arange(X.shape[1])[without], axis=1)
    others = others - others.mean(axis=0)
    others = others / np.maximum(others.std(axis=0), 1e-300)
    rest = Y - others @ np.linalg.lstsq(others, Y, rcond=None)[0]
    return 1 - float((rest * rest).sum() / (Y * Y).sum())


def r_squared(y: np.ndarray, on: np.ndarray) -> float:
    """Of y regressed on columns, a constant among them."""
    about, rest = y - y.mean(), y - on @ np.linalg.lstsq(on, y, rcond=None)[0]
    return max(0.0, 1 - float(rest @ rest) / max(float(about @ about), 1e-300))


def bends(x: np.ndarray) -> bool:
    """Whether a column has so many values that its square is another column."""
    return len(np.unique(x[:1000])) >= 5


def area_under_roc(score: np.ndarray, event: np.ndarray) -> float:
    """The area under the ROC curve."""
    ranks = np.argsort(np.argsort(score, kind="stable"), kind="stable")
    count = int(event.sum())
    return float((ranks[event].sum() - count * (count - 1) / 2) / max(1, count * (len(event) - count)))


def normal_tail(z: float) -> float:
    """P(Z > z) of a standard normal Z."""
    return 0.5 * math.erfc(z / math.sqrt(2))


def chi_squared_tail(x: float, degrees: int) -> float:
    """P(χ² > x), of two degrees exactly.  Wilson & Hilferty 1931."""
    if degrees == 2:
        return math.exp(-x / 2)
    c = 2 / (9 * degrees)
    return normal_tail(((x / degrees) ** (1 / 3) - 1 + c) / math.sqrt(c))


def normal_quantile(t: float, degrees: int) -> float:
    """The normal quantile that is as rare as Student's t.  Wallace 1959."""
    inside = degrees * math.log1p(t * t / degrees)
    return (8 * degrees + 1) / (8 * degrees + 3) * math.sqrt(inside)


def t_test(x: np.ndarray) -> float:
    """P of a mean so far above 0."""
    mean, error = float(x.mean()), float(x.std(ddof=1)) / math.sqrt(len(x))
    return normal_tail(normal_quantile(mean / max(error, 1e-300), len(x) - 1)) if mean > 0 else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """p after Holm's correction: the i-th smallest of m times m − i, each no smaller than the one before.
    Holm 1979.

    >>> holm([0.01, 0.5, 0.02])
    [0.03, 0.5, 0.04]
    """
    m, last, adjusted = len(p_values), 0.0, [0.0] * len(p_values)
    for place, i in enumerate(sorted(range(m), key=lambda i: p_values[i])):
        last = adjusted[i] = min(1.0, max(last, (m - place) * p_values[i]))
    return adjusted


def query_over(source: str, query: str) -> dict[str, str]:
    """The source of the rows, and the query over it; nothing where they came from memory."""
    if source.lstrip().lower().startswith(("select", "with")):
        return {"source": source, "query": query.format(f"({source})")}
    quoted = source.replace("'", "''")
    return {"source": source, "query": query.format(f"'{quoted}'")} if Path(source).is_file() else {}


# ── the rows that a remedy asks for ─────────────────────────────────────────────────────────────────

OF_ROWS = ("exclude", "square", "validate", "distinct")  # changes of rows and columns


def changed_rows(rows: Any, held_out: Any, change: Mapping[str, Any], seed: int) -> tuple[Any, Any]:
    """Training and validation rows with the change of a remedy, one of OF_ROWS."""
    if "validate" in change:
        return rows.split(change["validate"], seed)
    if "distinct" in change:
        return rows, held_out.take(~repeated(with_target(rows), with_target(held_out)))
    both = (part if part is None else _with_columns(part, change) for part in (rows, held_out))
    return tuple(both)  # type: ignore[return-value]


def _with_columns(rows: Any, change: Mapping[str, Any]) -> Any:
    """Without the columns to exclude, or with the square of one about its centre."""
    if "exclude" in change:
        sources = [s for s in Evidence(None, rows).sources if s.name not in change["exclude"]]
        return rows.with_features([name for s in sources for name in rows.features[s.features]])
    [(name, centre)] = change["square"].items()
    square = (rows.X[:, [rows.features.index(name)]] - centre) ** 2
    encoding, added = rows.encoding, f"{name}²"
    if encoding is not None:
        column = Column(added, "numeric", (float(square.mean()),))
        encoding = replace(encoding, columns=(*encoding.columns, column))
    return replace(
        rows, X=np.hstack([dense(rows.X), dense(square)]), features=(*rows.features, added), encoding=encoding
    )


def with_target(rows: Any) -> np.ndarray:
    """The columns and the target, (n, d + 1), as the bits of a row are compared: −0 is 0."""
    return np.column_stack([dense(rows.X), np.asarray(rows.y, dtype=float)]) + 0.0


def repeated(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which of the others are among the rows, (m,) of bool: by the bits of a weighted sum of each."""
    mix = np.random.default_rng(0).standard_normal(rows.shape[1])
    return np.isin((others * mix).sum(axis=1), (rows * mix).sum(axis=1))
