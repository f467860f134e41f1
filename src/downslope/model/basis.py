"""Directions in which the rows and the penalty measure the same: θ = B·v with Bᵀ(c·G + diag(l2))B = I.

Newton's steps are found there: they do not depend on the sizes of columns, nor on how nearly those depend on
one another. The Gram matrix tells such directions while its condition number is below PLAIN; beyond it, the
singular values of the rows themselves do (QR, some rows at a time), and they decide the rank.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ..data.statistics import identity
from .pivots import WIDE, Pivots, proved

PLAIN = 1e10  # condition number of the scaled Gram matrix up to which it keeps six digits of every direction
EPS = np.finfo(float).eps
ALIKE = 1e-8  # of a column's deviation that a unit of its last decimal is, where nobody measured so finely
LOST = 1e-2  # a direction is rounding where the columns' own rounding makes up more than this of it


@dataclass(frozen=True, eq=False)
class Singular:
    """X = U·S·Vᵀ of columns divided by `size`, and which directions are more than rounding."""

    U: np.ndarray  # (m, r) of the directions that are kept
    S: np.ndarray  # (r,)
    ways: np.ndarray  # (q, r) θ = ways·v
    null: np.ndarray  # (q, q − r): what can be added without a change of a prediction
    condition: float
    dependent: tuple[int, ...]  # columns that take part in a dependence


@dataclass(frozen=True, eq=False)
class Basis:
    """θ = B·v for each output."""

    B: np.ndarray  # (q, r)
    null: np.ndarray  # (q, q − r)
    width: np.ndarray  # (q,) of the columns; 0 for the intercept
    condition: float  # of the columns
    by_rows: bool  # whether a Hessian needs the rows in these directions, or one in θ keeps enough digits
    columns: np.ndarray | None = None  # of many: independent ones, by whose weights alone θ may be moved

    def forward(self, v, outputs: int) -> np.ndarray:
        """θ (p,) of v (r·k,): of all θ that predict so, the one of least ‖w‖."""
        return least_norm(self.B @ v.reshape(-1, outputs), self.null, self.width).ravel()

    def backward(self, gradient, outputs: int) -> np.ndarray:
        """Bᵀ·gradient, (r·k,)"""
        return (self.B.T @ gradient.reshape(-1, outputs)).ravel()


def basis(term, curvature: float, l2: np.ndarray) -> Basis:
    """Of a linear term whose loss curves by `curvature`, with the penalty l2 (q,) on each column's θ."""
    q = len(l2)
    width = np.append(term.standardise.width, np.zeros(int(term.intercept)))
    M = curvature * term.gram + np.diag(l2)
    size = np.sqrt(np.diag(M))
    size = np.where(size > 0, size, 1.0)
    if q * term.outputs > WIDE:
        pivots = Pivots.of(M / size / size[:, None])
        smallest, largest = pivots.spectrum
        full = not len(pivots.others) and smallest * PLAIN > largest
        if full or (not l2.any() and proved(term, pivots, size / np.sqrt(curvature))):
            B, null = np.zeros((q, len(pivots.columns))), pivots.null / size[:, None]
            B[pivots.columns] = pivots.inverse_factor() / size[pivots.columns, None]
            return Basis(B, null, width, float(np.sqrt(largest / smallest)), False, pivots.columns)
    values, ways = np.linalg.eigh(M / size / size[:, None])
    if values[0] * PLAIN > values[-1]:
        B = ways / np.sqrt(values) / size[:, None]
        return Basis(B, np.empty((q, 0)), width, float(np.sqrt(values[-1] / values[0])), False)
    R = term.map_reduce(triangle, plus=stacked)[:, :q] / np.sqrt(term.rows)
    if l2.any():
        R = stacked(np.diag(np.sqrt(l2 / curvature)), R)
    found = singular(term, R, priced=bool(l2.any()))
    return Basis(found.ways / np.sqrt(curvature), found.null, width, found.condition, True)


def singular(term, R, priced: bool) -> Singular:
    """The directions of R (m, q), a triangle of the rows, and of the penalty's where there is one. Without a
    penalty a direction counts for nothing where it is made of the columns' own rounding."""
    q = R.shape[1]
    size = _sizes(R)
    if not priced and size.min() < 1e-10:
        R = R * (_rounding(term, size)[0] <= LOST)  # a constant column's spread is rounding alone
        size = _sizes(R)
    U, S, V = np.linalg.svd(R / size, full_matrices=True)
    S = np.append(S, np.zeros(q - len(S)))
    kept = S[0] * EPS * 10 * max(np.sqrt(term.rows), q) < S
    if not priced and S[-1] < 1e-3 * S[0]:
        kept &= _own_rounding(term, V, size) <= LOST * S
    ways, null = (V[kept].T / S[kept]) / size[:, None], (V[~kept] / size).T
    some = (np.abs(V[~kept]) > 1e-7).any(axis=0)
    condition = float(S[0] / S[kept][-1]) if kept.any() else np.inf
    dependent = tuple(int(j) for j in np.flatnonzero(some))
    return Singular(U[:, np.flatnonzero(kept)], S[kept], ways, null, condition, dependent)


def least_norm(theta, null, width) -> np.ndarray:
    """θ (q, k), moved along `null` to where Σ w² is least, w = θ/width; an intercept is free."""
    if not null.shape[1]:
        return theta
    weights = width > 0
    per = width[weights, None]
    return theta - null @ np.linalg.lstsq(null[weights] / per, theta[weights] / per, rcond=None)[0]


def hessian_along(B, theta, z, term) -> np.ndarray:
    """Σᵢ sᵢ (x̃ᵢB)(x̃ᵢB)ᵀ ⊗ ∂²ℓ/∂z², (r·k, r·k), from the rows in these directions."""
    z = term.predictor(theta) if z is None else z
    total = np.zeros((B.shape[1] * term.outputs,) * 2)
    for rows, block in term.blocks():
        share = None if term.relative_weight is None else term.relative_weight[rows]
        part = replace(
            term, X=block @ B, Y=term.Y[rows], relative_weight=share, standardise=identity(B.shape[1]),
            intercept=False, gathered=None, compiled=False,
        )  # fmt: skip
        total += part.hessian(None, (None, z[rows])) * part.rows
    return total


def along(basis: Basis, term, theta, seen) -> np.ndarray:
    """Bᵀ∇²f(θ)B, (r·k, r·k)"""
    if basis.by_rows:
        z = seen[1] if term.sample is term else None  # rows in parts keep none
        return term.map_reduce(partial(hessian_along, basis.B, theta, z)) / term.rows
    k, B = term.outputs, basis.B
    H = term.hessian(theta, seen).reshape(len(B), k, len(B), k)
    return np.einsum("qr,qapb,ps->rasb", B, H, B, optimize=True).reshape(B.shape[1] * k, -1)


def step_of_columns(objective, point, reach: float) -> np.ndarray | None:
    """−(∇²F + λM)⁻¹∇F of many weights, by Cholesky in independent columns, with BᵀMB = I; of dependent ones,
    and of classes that shift alike, the least. λ is 0, or ‖Bᵀ∇F‖/reach where B measures a step longer than
    `reach`, which becomes no longer than that. None for few weights, and where ∇²F + λM is nearly singular.
    """
    basis, term, k = objective.basis, objective.term, objective.term.outputs
    if basis.columns is None:
        return None
    moved, price = np.zeros((term.inputs, k), bool), objective.l2 + objective.l1
    moved[basis.columns] = True
    if term.coupled:  # the scores of all classes may shift alike
        moved[price.reshape(-1, k)[:, 0] == 0, -1] = False
    moved = moved.ravel()
    H = objective.hessian(point)[np.ix_(moved, moved)]
    for often in range(2):
        if often:
            M = objective.usual_curvature * np.kron(term.gram, np.eye(k)) + np.diag(objective.l2)
            slopes = basis.backward(point.gradient, k)
            H = H + float(np.linalg.norm(slopes)) / reach * M[np.ix_(moved, moved)]
        size = np.sqrt(np.maximum(np.diag(H), np.finfo(float).tiny))
        pivots = Pivots.of(H / size / size[:, None], 1e-13 * len(H))
        if len(pivots.others):
            continue
        d = np.zeros(objective.size)
        d[moved] = -pivots.solve((point.gradient[moved] / size)[:, None])[:, 0] / size
        z = term.predictor(d)
        square = objective.usual_curvature * term.sum_of(term.weighted(z * z)) / term.rows
        if square + float(objective.l2 @ d**2) <= reach**2:
            return least_norm(d.reshape(-1, k), basis.null, basis.width).ravel()
    return None


def triangle(term) -> np.ndarray:
    """R of the rows √sᵢ·(x̃ᵢ, yᵢ), some rows at a time.  (q + k, q + k)"""
    R = np.zeros((0, term.inputs + term.outputs))
    for rows, block in term.blocks():
        root = 1.0 if term.relative_weight is None else np.sqrt(term.relative_weight[rows, None])
        R = stacked(R, root * np.hstack([block, term.Y[rows]]))
    return R


def stacked(one, other) -> np.ndarray:
    """R of the rows of both; None stands for no rows."""
    if one is None or other is None:
        return one if other is None else other
    return np.asarray(np.linalg.qr(np.vstack([one, other]), mode="r"))


def _sizes(R) -> np.ndarray:
    size = np.sqrt((R * R).sum(axis=0))
    return np.where(size > 0, size, 1.0)


def _own_rounding(term, V, size) -> np.ndarray:
    """How much of each direction, a row of V, is the columns' own rounding: an ulp of the largest value,
    and where two columns alone are alike to eight digits, half a unit of their last decimal.  (m,)"""
    ulp, digit = _rounding(term, size)
    digit = np.where(digit < ALIKE, digit, ulp)
    two = ((np.abs(V) > 1e-4)[:, : term.columns].sum(axis=1) == 2)[:, None]
    return np.sqrt((V**2 * np.where(two, np.maximum(ulp, digit / 2), ulp) ** 2).sum(axis=1))


def _rounding(term, size) -> np.ndarray:
    """`_steps` relative to the columns' sizes; 0 for the intercept.  (2, q)"""
    steps = np.hstack([term.map_reduce(_steps, plus=_coarser), np.zeros((2, int(term.intercept)))])
    return steps / (size * np.append(term.standardise.width, np.ones(int(term.intercept))))


def _steps(term) -> np.ndarray:
    """An ulp of the largest value of each column, and a unit of its last decimal.  (2, d)"""
    X = term.X
    largest = np.abs(X).max(axis=0) if term.dense else abs(X).max(axis=0).toarray().ravel()
    if not np.issubdtype(largest.dtype, np.floating):
        largest = largest.astype(float)
    ulp, digit = np.spacing(largest).astype(float), np.zeros(term.columns)
    if term.dense:
        for place in range(16):
            short = (np.abs(np.round(X, place) - X) <= 2 * ulp).all(axis=0)
            digit = np.where((digit == 0) & short, 10.0**-place, digit)
    return np.stack([ulp, digit])


def _coarser(one, other):
    return other if one is None else one if other is None else np.maximum(one, other)
