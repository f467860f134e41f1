"""Findings on a net: what its loss has done, and whether the measured curvature allows its learning rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .case import Case
from .overfitting import overfitting
from .rows import decayed, exhausted
from .verdict import Remedy, Verdict

LEVEL = 0.01  # of one row's slope at the best constant: less than a mean over 10,000 rows leaves by chance
CATAPULT = 2.0  # times the bound of a rate: up to there a step may lead over to a flatter valley
PROGRESS = 0.01  # of all its progress: what the last quarter brought, another quarter would not exceed


def plateau(case: Case) -> Verdict | None:
    """Better than the best constant by not even what one useless weight would explain: 1/n of the loss."""
    null = case.objective.value(case.objective.term.null_theta)
    least = abs(null) / case.objective.rows
    level = case.end.stationarity <= LEVEL * case.objective.gradient_scale
    if not (case.end.value > null - least and level and _settled(case, least)):
        return None
    other = Remedy("other_seed", {"seed": case.settings.seed + 1})
    if case.settings.start:
        other = Remedy("usual_start", {"start": None})
    return case.verdict("plateau", case.slower_net, other, kind="plateau_net", null=null)


def settled(case: Case) -> Verdict | None:
    """By its gradient; or with drawn rows, where the last quarter of its epochs brought next to nothing."""
    small = case.end.stationarity <= max(1e-8, 1e-6 * case.steps[0].gradient_norm) if case.steps else False
    if small or case.end.reason.code == "gradient":
        return case.verdict("converged")
    if case.full or not _settled(case):
        return None
    return case.verdict("converged", kind="settled")


def _settled(case: Case, least: float = 0.0) -> bool:
    """Whether F fell in the last quarter of the epochs by less than a hundredth of its whole fall, or than
    `least`."""
    if case.end.reason.code in ("gradient", "no_progress"):
        return True
    looked = [step for step in case.steps if case.full or step.objective is not None]
    losses = np.array([step.best_known_loss for step in looked])
    if len(losses) < 8:
        return False
    before, last = np.array_split(losses[len(losses) // 2 :], 2)
    fall = losses[0] - last.mean()
    # A single pass is noisy: quarters are compared by their means.
    return bool(before.mean() - last.mean() <= max(PROGRESS * fall, least))


def unfinished(case: Case) -> Verdict:
    """More epochs; a search on all rows, where it is none already. First of all a smaller rate, where that
    was so far beyond its bound at the start that the descent left the valley (Lewkowycz et al. 2020)."""
    found = _unfinished(case)
    if case.certificate.first_excess <= CATAPULT or case.slower_net is None:
        return found
    return replace(found, remedies=(case.slower_net, *found.remedies))


def _unfinished(case: Case) -> Verdict:
    if case.end.reason.code == "no_progress" or not (case.full or case.method.direction.chooses):
        ten = Remedy("more_epochs", {"epochs": 4 * case.settings.epochs})
        code = "no_progress" if case.end.reason.code == "no_progress" else "epochs_exhausted"
        return case.verdict(code, *([case.surest, ten] if code == "no_progress" else [ten, case.surest]))
    return exhausted(case)


FINDINGS = (decayed, overfitting, plateau, settled, unfinished)
