"""Where a descent stands, one value that can be stored; and what it ends with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..errors import Renamed
from .stops import Reason
from .trace import Step


class SearchState(NamedTuple):
    """What a line search starts its next search from."""

    tried: float = 0.0  # along the gradient: the last step length, grown
    reach: float = 1.0  # along another direction: the first step length
    fall: float = 0.0  # −½ g·d of the last direction that knows curvature


class StageState(NamedTuple):
    """Which stage of a descent: some rows first, a kink rounded over a narrower and narrower width."""

    number: int = 0
    start: Any = None  # (p,) in the user's units
    done: int = 0  # epochs before it


class MonitorState(NamedTuple):
    """What the monitor has seen of a stage."""

    first: float  # F at its start
    gap_each_epoch: bool
    seen: Any = None  # by the stop, before it looked at this state
    best: tuple[float, np.ndarray] | None = None  # least cost of the validation rows, and θ there
    validation: float | None = None
    gap: float | None = None


class State(NamedTuple):
    """All that a descent needs to go on, to the last bit.

    The point is stored, not found again: a line search finds it by other roundings than a pass over the
    rows. Its cache is stored only where one evaluation does not give it back.
    """

    point: Any  # θ, F, gradient, cache; within a pass the values are those of the last update's rows
    memory: Any  # the method's own: vectors, pairs, the working set; kernels write into it
    epochs: int = 0  # complete passes of this stage
    updates: int = 0
    within: int = 0  # updates of the pass under way; 0 where it can be stored
    search: SearchState = SearchState()
    rng_calls: int = 0  # of a net's dropout
    buffers: Any = None  # of a net's layers, such as running means
    seconds: float = 0.0
    stage: StageState = StageState()
    monitor: MonitorState | None = None

    @property
    def all_epochs(self) -> int:
        """With those of the stages before."""
        return self.epochs + self.stage.done


@dataclass(frozen=True)
class Result:
    """What a descent ends with."""

    reason: Reason
    params: np.ndarray  # (p,) in the user's units; finite
    value: float  # F there
    epochs: int
    stationarity: float  # distance of −g to the penalty's subdifferential, there
    memory: Any = None  # the method's own, to go on from
    theta: np.ndarray | None = None  # (p,) in the coordinates of the descent
    cached: Any = None  # what the objective remembers there: of rows, the z of each
    gradient: np.ndarray | None = None  # (p,) of the smooth part of F there, in those coordinates
    gap: float | None = None  # F − F* is at most this; None where nothing proves it
    unproved: str = ""  # the error that kept the gap from being found

    certificate = Renamed("stationarity")


def step_of(state: State, rows: int, before, rate: float) -> Step:
    """The trace's row of the update that led to `state`; the loop adds seconds, params and validation."""
    gradient = before.gradient
    with np.errstate(over="ignore", invalid="ignore"):
        norm = math.sqrt(np.dot(gradient, gradient))
    epoch = state.epochs - (not state.within)
    return Step(state.updates, epoch, rows, 0.0, before.value, norm, rate, before.theta, None, None, gradient)
