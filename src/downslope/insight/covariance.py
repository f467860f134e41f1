"""Covariances of weights from sums over rows, in the coordinates of the descent, wherever the rows lie.

A = n·∇²F is the curvature, gᵢ = sᵢ·ℓ′ᵢ ⊗ x̃ᵢ a row's own gradient (its score), B = Σ gᵢgᵢᵀ or a sum that
allows for rows that depend on each other. Cov(θ̂) is A⁻¹, times a variance, or A⁻¹BA⁻¹. Sums over rows in
parts are added by neighbours, as in `model/partitioned.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from ..errors import DownslopeError

NUMBERS = 4_000_000  # of the gradients that are held at a time


def root(term: Any, theta, prior: np.ndarray | None = None) -> np.ndarray:
    """R with RᵀR = n·H + diag(prior), one for each output, by QR of √s·x̃: XᵀX would lose half of the digits.

    (1, q, q) for a squared loss, whose outputs share one H; else (k, q, q). `prior`: (q, k), n times what the
    penalty adds to the diagonal. Raises DownslopeError where columns are dependent.
    """
    q = term.inputs
    R = term.map_reduce(partial(_root, theta), _stacked)
    out = []
    for c, one in enumerate(R):
        if prior is not None and prior.any():
            one = np.asarray(np.linalg.qr(np.vstack([one, np.diag(np.sqrt(prior[:, c]))]), mode="r"))
        size = np.sqrt((one * one).sum(axis=0))
        S = np.linalg.svd(one / np.where(size > 0, size, 1.0), compute_uv=False)
        noise = S[0] * np.finfo(float).eps * max(term.rows, q)
        rank = int((noise < S).sum())
        if rank < q:
            level = term.loss.clipped and np.linalg.matrix_rank(term.gram, hermitian=True) > rank
            facts = {"rank": rank, "columns": q, "loss": term.loss.spec}
            raise DownslopeError("instruments.within_delta" if level else "instruments.dependent", **facts)
        out.append(one)
    return np.array(out)


def inverse(term: Any, theta, free: int, prior: np.ndarray | None = None) -> np.ndarray:
    """A⁻¹ = (n·∇²F)⁻¹, less the weights of the base class where `free` is 1.  (p, p)"""
    from scipy.linalg import solve_triangular

    q, k = term.inputs, term.outputs
    if free:
        kept = np.arange(term.size) % k >= free
        H = term.hessian(theta)[np.ix_(kept, kept)] * term.rows
        size = np.sqrt(np.maximum(np.diag(H), 0.0))
        scaled = H / np.where(size > 0, size, 1.0) / np.where(size > 0, size, 1.0)[:, None]
        values = np.linalg.eigvalsh(scaled)
        if values[0] <= 1e-13 * values[-1] * len(values):
            rank = int((values > 1e-13 * values[-1]).sum())
            raise DownslopeError("instruments.dependent", rank=rank, columns=len(H))
        return np.linalg.inv(scaled) / size / size[:, None]
    out = np.zeros((term.size, term.size))
    roots = root(term, theta, prior)
    for c in range(k):
        if c < len(roots):
            R = solve_triangular(roots[c], np.eye(q))
            out[c::k, c::k] = R @ R.T
        else:  # all outputs have one H
            out[c::k, c::k] = out[::k, ::k]
    return out


def whole(part: np.ndarray, free: int, k: int) -> np.ndarray:
    """The inverse with zeros for the weights of a base class, which stay.  (p, p)"""
    if not free:
        return part
    kept = np.arange(len(part) // (k - 1) * k) % k >= free
    out = np.zeros((len(kept), len(kept)))
    out[np.ix_(kept, kept)] = part
    return out


def trace_of_hat(term: Any, theta, prior: np.ndarray) -> float:
    """df = tr(A⁻¹·n·H): the weights that the penalty leaves free, of one output."""
    from scipy.linalg import solve_triangular

    R, bare = root(term, theta, prior)[0], term.map_reduce(partial(_root, theta), _stacked)[0]
    return float((solve_triangular(R, bare.T, trans="T") ** 2).sum())


def outer_sum(term: Any, theta, free: int, power: float = 0.0, inverse=None) -> np.ndarray:
    """B = Σᵢ gᵢgᵢᵀ/(1 − hᵢ)^(2·power): `power` 0 for HC0, ½ for HC2, 1 for HC3, with the leverages
    hᵢ = sᵢℓ″ᵢ·x̃ᵢᵀA⁻¹x̃ᵢ. Outputs that share no loss stay apart.  (p, p)"""
    B = term.map_reduce(partial(_outer, theta, free, power, inverse))
    return apart(B, term, free)


def apart(B: np.ndarray, term: Any, free: int) -> np.ndarray:
    """B without what it says of two outputs that share no loss: they are two fits."""
    k = term.outputs
    if free or k == 1:
        return B
    number = np.arange(len(B)) % k
    return np.where(number[:, None] == number, B, 0.0)


def cluster_sum(term: Any, theta, free: int, columns: Iterable[np.ndarray]) -> tuple[np.ndarray, int]:
    """B = Σ over clusters of (Σᵢ gᵢ)(Σᵢ gᵢ)ᵀ, and the number of clusters. `columns`: the cluster of each row,
    one array for each part."""
    sums: dict[Any, np.ndarray] = {}
    for part, values in zip(parts_of(term), columns):
        known, code = np.unique(values, return_inverse=True)
        total = np.zeros((len(known), term.size - free * term.inputs))
        for rows, g in scores(part, theta, free):
            np.add.at(total, code[rows], g)
        for value, one in zip(known.tolist(), total):
            sums[value] = sums[value] + one if value in sums else one
    G = np.array(list(sums.values()))
    return apart(G.T @ G, term, free), len(G)


def lagged_sum(
    term: Any, theta, free: int, columns: Iterable[np.ndarray], lags: int, name: str
) -> np.ndarray:
    """B = Γ₀ + Σₗ (1 − l/(L + 1))(Γₗ + Γₗᵀ) with Γₗ = Σₜ gₜgₜ₋ₗᵀ: Bartlett's weights.  Newey & West 1987.

    `columns`: the time of each row, one array for each part. Rows in memory are sorted by it; parts have to
    be sorted already, and the last rows of one meet the first of the next.
    """
    B: Any = 0.0
    before, last = None, None
    for part, times in zip(parts_of(term), columns):
        G = np.concatenate([g for _, g in scores(part, theta, free)])
        if term.in_memory:
            G = G[np.argsort(times, kind="stable")]
        else:
            at_once = times if last is None else np.concatenate([[last], times])
            if (at_once[1:] < at_once[:-1]).any():
                raise DownslopeError("instruments.unsorted", column=name)
            last = times[-1]
        held = 0 if before is None else len(before)
        whole = G if before is None else np.vstack([before, G])
        B = B + G.T @ G
        for lag in range(1, min(lags, len(whole) - 1) + 1):
            now = whole[max(held, lag) :]
            cross = now.T @ whole[max(held, lag) - lag : len(whole) - lag]
            B = B + (1 - lag / (lags + 1)) * (cross + cross.T)
        before = whole[len(whole) - lags :] if lags else None
    return apart(B, term, free)


def quantile_sum(term: Any, theta, level: float) -> tuple[np.ndarray, np.ndarray]:
    """(XᵀX)⁻¹ and Σ dᵢx̃ᵢx̃ᵢᵀ of a quantile: dᵢ = (τ/f̂)² above the plane and ((1 − τ)/f̂)² below.

    f̂ is the density of the residuals at 0 by Epanechnikov's kernel and the bandwidth of Hall & Sheather 1988,
    as in statsmodels' QuantReg.  (q, q) each
    """
    from scipy.special import ndtri

    residuals, Y = term.map_reduce(partial(_residuals, theta), _joined)
    e = residuals[:, 0]
    n, z = len(e), ndtri(level)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    h = n ** (-1 / 3) * ndtri(0.975) ** (2 / 3) * (1.5 * density**2 / (2 * z**2 + 1)) ** (1 / 3)
    if not 0 < level - h < level + h < 1:
        raise DownslopeError("instruments.quantile_rows", level=f"{level:g}", rows=n)
    low, high = np.percentile(e, [25, 75])
    h = min(float(np.std(Y)), (high - low) / 1.34) * (ndtri(level + h) - ndtri(level - h))
    exact = 1e-9 * (high - low)  # residuals of the rows that the plane goes through are rounding
    u = e / h
    at_zero = float((0.75 * (1 - u**2) * (np.abs(u) <= 1)).sum() / (n * h))
    if not at_zero > 0:
        raise DownslopeError("instruments.quantile_rows", level=f"{level:g}", rows=n)
    return term.map_reduce(partial(_two_sided, theta, level / at_zero, (1 - level) / at_zero, exact))


def squares_at(theta) -> Callable[[Any], np.ndarray]:
    """Σ sᵢ(yᵢ − zᵢ)² of the rows of a part.  (k,)"""
    return partial(_squares, theta)


def pearson_at(theta) -> Callable[[Any], float]:
    """Σ sᵢ(yᵢ − μᵢ)²/V(μᵢ) of the rows of a part, which is ℓ′²/ℓ″ under a canonical link."""
    return partial(_pearson, theta)


def scores(term: Any, theta, free: int) -> Iterable[tuple[slice, np.ndarray]]:
    """The rows' own gradients, some rows at a time: (b, p), less those of the base class."""
    z = term.predictor(theta)
    slope = term.weighted(term.loss.slope(z, term.Y))[:, free:]  # (n, k)
    for rows, block in term.blocks(size=max(1, NUMBERS // term.size)):
        if slope.shape[1] == 1:
            yield rows, block * slope[rows]
        else:
            yield rows, (block[:, :, None] * slope[rows, None]).reshape(len(block), -1)


def parts_of(term: Any) -> Iterable[Any]:
    """A term of each part's rows; of rows in memory, this one."""
    return [term] if term.in_memory else map(term.pattern.term, (p for p in term.stream.each() if len(p)))


# ── functions of one part ───────────────────────────────────────────────────────────────────────────


def _root(theta, term: Any) -> tuple[np.ndarray, ...]:
    q, k = term.inputs, term.outputs
    curvature = term.weighted(term.loss.curvature(term.predictor(theta), term.Y))  # (n, k)
    out = []
    for c in range(1 if term.loss.quadratic else k):
        R = np.zeros((0, q))
        for rows, block in term.blocks():
            stacked = np.vstack([R, np.sqrt(curvature[rows, c, None]) * block])
            R = np.asarray(np.linalg.qr(stacked, mode="r"))
        out.append(R if len(R) == q else np.vstack([R, np.zeros((q - len(R), q))]))
    return tuple(out)


def _stacked(one, other):
    """The root of two parts together."""
    if one is None or other is None:
        return other if one is None else one
    return tuple(np.asarray(np.linalg.qr(np.vstack(pair), mode="r")) for pair in zip(one, other))


def _joined(one, other):
    if one is None or other is None:
        return other if one is None else one
    return tuple(map(np.concatenate, zip(one, other)))


def _outer(theta, free: int, power: float, inverse, term: Any) -> np.ndarray:
    out: Any = 0.0
    if not power:
        for _, g in scores(term, theta, free):
            out = out + g.T @ g
        return out
    curvature = term.weighted(term.loss.curvature(term.predictor(theta), term.Y))
    blocks = term.blocks(size=max(1, NUMBERS // term.size))
    for (rows, g), (_, block) in zip(scores(term, theta, free), blocks):
        g = g / (1 - _leverages(block, curvature[rows], inverse)) ** power
        out = out + g.T @ g
    return out


def _leverages(block, curvature, inverse) -> np.ndarray:
    """hᵢ of each weight's output, (b, p)"""
    k = curvature.shape[1]
    sizes = lambda c: ((block @ inverse[c::k, c::k]) * block).sum(axis=1)
    h = np.column_stack([curvature[:, c] * sizes(c) for c in range(k)])
    if (h > 1 - 1e-10).any():
        raise DownslopeError("instruments.leverage_one", count=int((h > 1 - 1e-10).any(axis=1).sum()))
    return np.tile(h, block.shape[1])


def _residuals(theta, term: Any) -> tuple[np.ndarray, np.ndarray]:
    return term.Y - term.predictor(theta), term.Y


def _two_sided(theta, above: float, below: float, exact: float, term: Any) -> tuple[np.ndarray, np.ndarray]:
    e = (term.Y - term.predictor(theta))[:, 0]
    d = np.where(e > exact, above**2, below**2)
    gram: Any = 0.0
    weighted: Any = 0.0
    for rows, block in term.blocks():
        gram, weighted = gram + block.T @ block, weighted + (d[rows, None] * block).T @ block
    return gram, weighted


def _pearson(theta, term: Any) -> float:
    z = term.predictor(theta)
    return float(term.weighted(term.loss.slope(z, term.Y) ** 2 / term.loss.curvature(z, term.Y)).sum())


def _squares(theta, term: Any) -> np.ndarray:
    return term.row_weights @ (term.Y - term.predictor(theta)) ** 2
