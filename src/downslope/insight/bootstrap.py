"""The bootstrap: weights of the same model over tables in which chance decides how often each row stands.

How often is drawn by counter from (seed, replicate, row), as Poisson with mean 1, so that it does not depend
on how rows are read.  Efron 1979; Chamandy et al. 2012 for Poisson counts.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ..data.parts import drawn
from ..errors import DownslopeError
from . import covariance

STREAM = 1 << 20  # numbers drawn for replicate r are those of this stream + r
AT_A_TIME = 2_000_000  # counts that are held
CHANCES = np.cumsum([math.exp(-1) / math.factorial(count) for count in range(20)])


def counts(seed: int, replicate: int, first: int, rows: int) -> np.ndarray:
    """How often rows first, first + 1, … stand in a replicate, (rows,).

    >>> counts(0, 3, 0, 5000)[1000:1010].tolist() == counts(0, 3, 1000, 10).tolist()
    True
    """
    return np.searchsorted(CHANCES, drawn(first, rows, seed, STREAM + replicate), side="right").astype(float)


def replicated(solution, dataset, objective, replicates: int, seed: int, fix_alpha: bool) -> np.ndarray:
    """The weights of each replicate that has a minimum, relative to the first class where there are more than
    two: (R, p). Raises DownslopeError where fewer than half have one."""
    term = objective.term
    k = term.outputs
    if not term.in_memory:
        W = _first_order(solution, objective, replicates, seed)
    else:
        rows = dataset.labelled(solution.classes) if solution.classes else dataset
        weights = np.ones(len(rows)) if rows.weights is None else rows.weights
        found = []
        for number in range(replicates):
            drawn_rows = replace(rows, weights=weights * counts(seed, number, 0, len(rows)))
            try:
                params = solution.refit(drawn_rows, fix_alpha).params
            except DownslopeError:
                continue  # a column that is constant there, a class without a row
            found += [params] if np.isfinite(params).all() else []
        if len(found) < max(2, replicates / 2):
            raise DownslopeError("instruments.few_replicates", found=len(found), asked=replicates)
        W = np.array(found)
    if not term.coupled:
        return W
    by_class = W.reshape(len(W), -1, k)
    return (by_class[:, :, 1:] - by_class[:, :, :1]).reshape(len(W), -1)


def _first_order(solution, objective, replicates: int, seed: int) -> np.ndarray:
    """θ − A⁻¹·Σᵢ(mᵢ − 1)gᵢ, in the user's units: one pass for all replicates.  (R, p)"""
    term = objective.term
    if not term.smooth or objective.nonsmooth or solution.selection is not None or term.coupled:
        raise DownslopeError("instruments.bootstrap_in_memory")
    theta = objective.to_inner(solution.params)
    prior = term.rows * objective.l2.reshape(-1, term.outputs)
    inverse = covariance.inverse(term, theta, 0, prior)
    total, first = np.zeros((replicates, term.size)), 0
    for part in covariance.parts_of(term):
        size = max(1, AT_A_TIME // part.rows)
        G = np.concatenate([g for _, g in covariance.scores(part, theta, 0)])
        for low in range(0, replicates, size):
            numbers = range(low, min(low + size, replicates))
            total[low : low + size] += np.array([counts(seed, r, first, part.rows) - 1 for r in numbers]) @ G
        first += part.rows
    return np.array([objective.to_user(theta - inverse @ one) for one in total])
