"""Products with X in float64, for an X of float32 without a copy of the whole."""

from __future__ import annotations

import numpy as np

from ..data.statistics import Standardise
from .standardise import row_blocks


def times(X, W) -> np.ndarray:
    """X @ W in float64, converting a float32 X some rows at a time instead of whole."""
    if X.dtype == np.float64 or not isinstance(X, np.ndarray):
        return np.asarray(X @ W)
    out = np.empty((len(X), W.shape[1]))
    for rows in row_blocks(len(X)):
        out[rows] = X[rows].astype(np.float64) @ W
    return out


def transposed_times(X, S) -> np.ndarray:
    """Xᵀ @ S in float64."""
    if X.dtype == np.float64 or not isinstance(X, np.ndarray):
        return np.asarray(X.T @ S)
    out = np.zeros((X.shape[1], S.shape[1]))
    for rows in row_blocks(len(X)):
        out += X[rows].astype(np.float64).T @ S[rows]
    return out


def sparse_gram(X, weight, standardise: Standardise, intercept: bool) -> np.ndarray:
    """Σᵢ sᵢx̃ᵢx̃ᵢᵀ over sparse rows, (q, q):  Σ s(x − m)(x − m)ᵀ = Σ sxxᵀ − Σ sx·mᵀ − m·Σ sxᵀ + Σ s·mmᵀ."""
    d, m, width = X.shape[1], standardise.center, standardise.width
    total = np.zeros((d + intercept, d + intercept))
    weighted = X.multiply(weight[:, None]).tocsr()
    sums = np.asarray(weighted.sum(axis=0), dtype=float).ravel()
    raw, away = (X.T @ weighted).toarray().astype(float), sums - weight.sum() * m
    gram = raw - np.outer(sums, m) - np.outer(m, away)
    flat = np.diag(gram) <= 1e-14 * np.diag(raw)  # a constant column leaves rounding, no spread
    gram[flat], gram[:, flat], away[flat] = 0.0, 0.0, 0.0
    total[:d, :d] = gram / width[:, None] / width
    if intercept:
        total[:d, d] = total[d, :d] = away / width
        total[d, d] = weight.sum()
    return total
