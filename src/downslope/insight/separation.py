"""Whether classes are separated, so that log loss has no minimum: a proof, found from where a descent ended.

Let mᵢₖ(θ) be by how much the true class of row i is ahead of class k. If some d has mᵢₖ(d) ≥ 0 for all
pairs, and > 0 for one, then θ + t·d is better for every t: the classes are separated, but for the rows
that d leaves on the plane (Albert & Anderson 1984). A descent runs along such a d, so that it shows in
the pairs that are certain at its end; a d that leaves all others where they are is their null space's.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from ..model.linear import WIDE

CERTAIN = (0.0, 4.0, 8.0, 12.0)  # by how much a class may have to be ahead to count as certain


def rows_on_plane(term, theta) -> int | None:
    """How many rows lie on a plane that has none on its wrong side; None where no such plane is seen. Rows
    that are not in memory are looked at only where some of them are separated by θ, and then all are."""
    if term.sample is not term:
        apart = leads(term.sample, theta).min() > 0 and term.ask(partial(_least_lead, theta), plus=_less) > 0
        return 0 if apart else None
    lead = leads(term, theta)  # (n, k)
    for certain in CERTAIN:
        open_ = lead <= certain
        if not open_.any():
            return 0
        if term.size > WIDE // 4:
            return None
        shifts = term.size // term.outputs if term.outputs > 1 else 0  # of all classes alike
        null = _null_space(term, open_, shifts)
        if null.shape[1] == shifts:
            return None
        gain = leads(term, null @ (null.T @ theta))
        top = gain[np.isfinite(gain)].max()
        if top > 1 and gain.min() >= -1e-6 * top:
            return int((gain.min(axis=1) <= 1e-6 * top).sum())
    return None


def _least_lead(theta, term) -> float:
    return float(leads(term, theta).min())


def _less(one, other):
    return min(part for part in (one, other) if part is not None)


def leads(term, theta) -> np.ndarray:
    """By how much the true class is ahead of each, (n, k): ±z for two classes; infinite over itself."""
    z, Y = term.predictor(theta), term.Y
    if z.shape[1] == 1:
        return (2 * Y - 1) * z
    return np.where(Y > 0, np.inf, (Y * z).sum(axis=1, keepdims=True) - z)


def _null_space(term, open_, shifts: int) -> np.ndarray:
    """The θ that leave every open pair where it is, as columns: Σ mᵢₖ(θ)² = 0 over those pairs. `shifts` of
    them there always are; where some of the rows leave no more, all rows leave no more."""
    rows = np.flatnonzero(open_.any(axis=1))
    few = rows[:: max(1, len(rows) // (2 * term.size))]
    null = _of_rows(term, open_, few)
    return null if len(few) == len(rows) or null.shape[1] == shifts else _of_rows(term, open_, rows)


def _of_rows(term, open_, rows) -> np.ndarray:
    part = replace(term, X=term.X[rows], Y=term.Y[rows], share=None, gathered=None)
    gram = part.coupled_gram(lambda some: _star(part.Y[some], open_[rows[some]].astype(float)))
    values, vectors = np.linalg.eigh(gram)
    return vectors[:, values <= 1e-12 * values[-1]]


def _star(Y, E) -> np.ndarray:
    """Σₖ Eₖ·(e_true − eₖ)(e_true − eₖ)ᵀ for each row, (b, k, k); E itself for one column."""
    if Y.shape[1] == 1:
        return E[:, :, None]
    diagonal = (E + Y * E.sum(axis=1, keepdims=True))[:, :, None] * np.eye(Y.shape[1])
    return diagonal - Y[:, :, None] * E[:, None, :] - E[:, :, None] * Y[:, None, :]
