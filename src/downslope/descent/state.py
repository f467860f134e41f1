"""Where a descent stands, and what the log book is told of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .directions import Memory
from .stops import Epochs, Stop
from .trace import Step


@dataclass
class State:
    """Where the loop stands."""

    theta: np.ndarray
    memory: Memory
    epochs: int = 0
    updates: int = 0
    seen: Any = None  # by the stop
    best: tuple[float, np.ndarray] | None = None  # on the rows held out
    tried: float = 0.0  # by a search along the gradient: its last step, grown
    reach: float = 1.0  # where a search along another direction begins
    fall: float = 0.0  # −½ g·d of the last step that a direction with curvature chose
    walked: dict[str, Any] = field(default_factory=dict)  # what coordinate descent knows


def entry(state: State, rows: int, looked, rate: float) -> Step:
    """The row of the log book; seconds, params and validation are filled in by the loop."""
    with np.errstate(over="ignore", invalid="ignore"):
        norm = math.sqrt(np.dot(looked.gradient, looked.gradient))
    return Step(
        state.updates,
        state.epochs - 1,
        rows,
        0.0,
        looked.value,
        norm,
        rate,
        looked.theta,
        None,
        None,
        looked.gradient,
    )


def epochs_of(stop: Stop) -> int:
    """How many epochs a stop allows at most: what schedules that end are laid out over."""
    return min((part.limit for part in stop.parts() if isinstance(part, Epochs)), default=1000)
