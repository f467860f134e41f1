"""A descent in stages: some of the rows first, or a kink that is rounded over a narrower and narrower width.

A plan is a generator of stages. It is sent the result of each, as the start, the epochs and the existence of
the next depend on how this one ended, and returns the result of all.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .direct import Crossover
from .monitor import last_gap, result_at
from .state import Result, StageState, State
from .stops import Epochs, Gradient, Reason, Stop, epochs_of

EXACT = 3  # the stage of a rounded kink after which an update to the minimum itself is tried
ROUGH = 100  # epochs of each stage until then
NEAR = 1e-7  # of F: the gap below which a loss with a kink has converged


@dataclass(frozen=True)
class Stage:
    """One descent of a plan. `start` is in the user's units."""

    objective: Any
    method: Any
    start: np.ndarray
    stop: Stop
    validation: Any = None  # an objective over the validation rows
    seed: int = 0
    number: int = 0
    done: int = 0  # epochs before it
    after: Result | None = None  # of an earlier descent, in the same coordinates
    may_be_over: bool = False  # its start may be all that the stop asks for

    @property
    def state(self) -> StageState:
        """What is stored of it."""
        return StageState(self.number, self.start, self.done)


Plan = Generator[Stage, Any, Result]


def single(stage: Stage) -> Plan:
    """One stage."""
    return (yield stage)


def sampled(whole: Stage, state: State | None) -> Plan:
    """A descent on all rows, begun where one on some of them ended, and that one on some of those: to where
    their gradient is a tenth of what the choice of rows makes of it. The trace tells how many they were."""
    stages = [whole]
    while (every := whole.method.direction.thinning(stages[-1].objective)) > 1 and (
        epochs_of(stages[-1].stop) >= 10
    ):
        some = stages[-1].objective.subsample(every)
        enough = Gradient(0.1 / math.sqrt(some.rows)) | Epochs(10)
        stages.append(replace(whole, objective=some, stop=enough, validation=None, number=len(stages)))
    start, done = whole.start, 0
    if state is not None:
        stages, start, done = stages[: state.stage.number + 1], state.stage.start, state.stage.done
    for stage in reversed(stages):
        result = yield replace(stage, start=start, done=done, may_be_over=done > 0)
        if result.reason.code in ("interrupted", "callback") and stage is not whole:
            end = whole.objective.value_and_gradient(whole.objective.to_inner(result.params))
            judged = result_at(whole.objective, end, result.reason, result.epochs, result.memory)
            return replace(judged, params=result.params)
        if result.reason.code in ("gradient", "epochs"):
            start, done = result.params, result.epochs
    return result


def rounded(exact: Stage, state: State | None) -> Plan:
    """A loss with a kink, by a method that needs slopes: the kink is rounded, over a width that shrinks
    tenfold from stage to stage; F and its rounding differ by width·slope²/2 at most.  Nesterov 2005.

    From the third stage's end one more update goes to the minimum itself, where the rows allow it and a gap
    proves it; elsewhere the stages go on to the ninth."""
    objective, stop, direction = exact.objective, exact.stop, exact.method.direction
    spread, slope, limit = objective.term.output_scale or 1.0, objective.term.slope_bound, epochs_of(stop)
    at = StageState(1, exact.start) if state is None else state.stage
    params, epochs = np.array(at.start, dtype=float), at.done
    for number in range(at.number, 10):
        width = spread * 10.0**-number / slope
        allowed = stop | Epochs(limit - epochs)
        if number < 9 and not direction.chooses:
            allowed = Gradient(1e-4) | allowed  # slow on a narrow width, so it does not linger on a wide one
        short = number <= EXACT and limit - epochs > ROUGH
        allowed = allowed | Epochs(ROUGH) if short else allowed
        over = direction.samples and epochs > 0
        result = yield replace(
            exact, objective=objective.smoothed(width), start=params, stop=allowed, number=number,
            done=epochs, may_be_over=over,
        )  # fmt: skip
        params, epochs, reason = result.params, result.epochs, result.reason
        if epochs >= limit:
            reason = Reason("epochs", {"epochs": limit})
        elif short and reason.code == "epochs":
            reason = Reason("no_progress", {"passes": ROUGH, "lowest": result.value})
        if reason.code not in ("gradient", "no_progress"):
            break
        if number == EXACT and (answer := minimum_of(objective, params)) is not None:
            return (yield replace(exact, method=answer, number=number, done=epochs))
    gap = width * slope**2 / 2
    end = objective.value_and_gradient(objective.to_inner(params))
    proof, unproved = last_gap(objective, end, epochs, reason)
    code = reason.code
    if code == "gradient" and not (proof is not None and proof <= NEAR * size_of(objective, end.value)):
        code = "no_progress"  # the rounding is at its minimum; F may not be
    ended = Reason(code, {**reason.numbers, "width": width, "gap": gap})
    return Result(ended, params, end.value, epochs, result.stationarity, gap=proof, unproved=unproved)


def minimum_of(objective, params) -> Crossover | None:
    """The update from near the minimum of a loss with a kink to the minimum; None where nothing proves it."""
    before, found = objective.value_and_gradient(objective.to_inner(params)), objective.crossover()
    if found is None:
        return None
    theta, gap = found
    end = objective.value_and_gradient(theta)
    allowed = NEAR * size_of(objective, end.value)
    if not (gap <= allowed and end.value <= before.value + allowed):
        return None
    return Crossover(before, end, gap, Reason("gap", {"gap": gap, "tolerance": allowed}))


def size_of(objective, value: float) -> float:
    """The unit of a gap: F, but no less than a thousandth of F at the null model."""
    return max(abs(value), 1e-3 * abs(objective.null_value))
