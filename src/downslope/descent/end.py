"""How a descent ended, and how far from the minimum."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .directions import Memory
from .stops import Reason

NEAR = 1e-6  # of the fall that there may be at most: what a descent that has converged leaves of it
AT_ONCE = 2e7  # multiplications: a shorter descent than that is proved as thoroughly as one of that length


@dataclass(frozen=True)
class End:
    """How a descent ended: what `descend` returns when its steps are over."""

    reason: Reason
    params: np.ndarray  # (p,) in the user's units; finite
    value: float  # F there
    epochs: int
    certificate: float  # distance of −g to the penalty's subdifferential, there
    memory: Memory | None = None  # what the direction needs to go on
    theta: np.ndarray | None = None  # the weights in the coordinates of the descent, to the last bit
    cached: Any = None  # what the objective remembers of that place: of rows, the z of each
    gradient: np.ndarray | None = None  # (p,) of the smooth part of F there, in those coordinates
    gap: float | None = None  # F − F* is at most this; None where nothing proves it
    unproved: str = ""  # the error that kept the gap from being found


def gap_on_the_way(objective, point, epochs: int, sought: bool) -> float | None:
    """The gap for the trace and the stops, where it is to be looked for; see `Step` and `Gap`. A bound that
    is not free is seldom worth a row of the trace: from 128 epochs on, and in a sixtieth of their time."""
    free = proved(lambda: objective.free_gap(point))[0]
    if free is not None:
        return free
    if sought and (epochs <= 10 or int(math.log(epochs, 1.1)) > int(math.log(epochs - 1, 1.1))):
        return proved(lambda: objective.gap(point))[0]
    due = epochs >= 128 and epochs & (epochs - 1) == 0
    return proved(lambda: objective.gap(point, epochs / 3))[0] if due else None


def last_gap(objective, end, epochs: float, reason: Reason) -> tuple[float | None, str]:
    """The gap where a descent ended, and the error that kept it from being found; None where there is no
    answer, or more rows are to come."""
    if reason.code in ("diverged", "unbounded", "paused"):
        return None, ""
    return proved(lambda: objective.gap(end, max(epochs, AT_ONCE / (objective.rows * objective.size))))


def at_rest(objective, point, tol: float) -> bool:
    """Whether a gradient that is small beside its scale means that F is near its minimum. In columns that are
    not standardised a large one makes the scale large, and any gradient small beside it: there F must not
    have far to go. A verdict asks the same."""
    if not (objective.sweeps or objective.quadratic) or objective.term.standardised:
        return True
    fall = proved(lambda: objective.newton_fall(point))[0]
    return fall is None or fall <= max(NEAR, tol) * objective.term.usual_fall


def proved(bound: Callable[[], float | None]) -> tuple[float | None, str]:
    """(gap, "") or (None, the error): a proof that fails costs no descent."""
    try:
        with np.errstate(all="ignore"):
            gap = bound()
        return (gap, "") if gap is None or math.isfinite(gap) else (None, "")
    except np.linalg.LinAlgError:  # numbers too far apart to tell: nothing proves it
        return None, ""
    except Exception as error:
        return None, f"{type(error).__name__}: {error}".strip(": ").splitlines()[0]


def stationarity(objective, theta, gradient) -> float:
    """The objective's certificate there; NaN where it cannot be found."""
    try:
        return objective.certificate(theta, gradient)
    except Exception:
        return math.nan
