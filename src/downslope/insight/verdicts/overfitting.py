"""Rows held out lose while the rows learned from gain."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .case import Case
from .verdict import Remedy, Verdict

SURE = 3.0  # standard errors of a mean difference, of many rows: by chance once in 700
LARGE, SURE_LARGE = 2.0, 2.0  # a loss that rose to so many times its lowest asks for less proof
MATERIAL = 0.01  # of the lowest loss: for less nobody would take other weights


def overfitting(case: Case) -> Verdict | None:
    """The loss on the rows held out was lower before, by more than those rows leave to chance, and the loss
    of the rows learned from has fallen since."""
    if case.validation is None:
        return None
    validated = [(step.validation, j) for j, step in enumerate(case.steps) if step.validation is not None]
    if len(validated) < 3:
        return None
    lowest, j = min(validated)
    last = validated[-1][0]
    if not last > (1 + MATERIAL) * lowest > 0:
        return None
    before = case.validation.to_inner(case.steps[j].params)
    if not case.end.value < case.objective.value(before):
        return None
    each = _losses(case, case.theta) - _losses(case, before)
    if len(each) < 2:
        return None
    error = float(each.std(ddof=1)) / math.sqrt(len(each))
    sure = SURE if last < LARGE * lowest else SURE_LARGE
    certain = float(each.mean()) > _students(sure, len(each) - 1) * error
    if not (certain or _mostly(each, sure)) or not each.mean() > 0:
        return None
    facts: dict[str, Any] = {"lowest": lowest, "held_out": last, "best_epoch": case.steps[j].epoch + 1}
    patience = Remedy("stop_early", {"patience": 10})
    return case.verdict("overfitting", patience, Remedy("regularise"), **facts)


def _mostly(each, sure: float) -> bool:
    """Whether the losses of validation rows rose by their ranks, which one row with a large loss does not
    hide: the signed-rank sum is `sure` standard deviations above its mean.  Wilcoxon 1945."""
    moved = each[each != 0]
    n = len(moved)
    if n < 10:
        return False
    ranks = np.argsort(np.argsort(np.abs(moved), kind="stable"), kind="stable") + 1.0
    above = float(ranks[moved > 0].sum())
    return above - n * (n + 1) / 4 > sure * math.sqrt(n * (n + 1) * (2 * n + 1) / 24)


def _students(z: float, freedom: int) -> float:
    """The quantile of Student's t that has the chance of the normal one, z.  Fisher & Cornish 1960."""
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    return z + first / freedom + second / freedom**2


def _losses(case: Case, theta) -> np.ndarray:
    """The loss of each row held out, (m,)."""
    term = case.validation.term
    term = term.sample if case.validation.linear_rows else term
    return np.asarray(term.weighted(term.loss.value(term.predictor(theta), term.Y).sum(axis=1)))
