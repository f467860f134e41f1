"""Losses with a kink, for methods that need slopes: rounded in stages, then an update to the minimum."""

from __future__ import annotations

import math
import time
from contextlib import suppress

import numpy as np

from .directions import Nesterov
from .end import End, last_gap, stationarity
from .methods import Method
from .place import Place
from .state import epochs_of
from .stops import Epochs, Gradient, Reason, Stop
from .trace import Step

EXACT = 3  # the stage of a rounded kink after which an update to the minimum itself is tried
ROUGH = 100  # epochs of each stage until then
NEAR = 1e-7  # of F: the gap below which a loss with a kink has converged


def rounded(loop, objective, start, method: Method, stop: Stop, validation, place: Place):
    """A loss with a kink, by a method that needs slopes: the kink is rounded, over a width that shrinks
    tenfold from stage to stage; F and its rounding differ by width·slope²/2 at most.  Nesterov 2005.

    From the third stage's end one more update goes to the minimum itself, where the rows allow it and a gap
    proves it; elsewhere the stages go on to the ninth. `loop` descends a stage."""
    spread = objective.term.spread or 1.0
    slope = objective.term.slope_bound
    limit, epochs, began = epochs_of(stop), place.done, time.perf_counter() - place.seconds
    params = np.array(place.start if place.again else start, dtype=float)
    for stage in range(place.stage or 1, 10):
        width = spread * 10.0**-stage / slope
        allowed = stop | Epochs(limit - epochs)
        if stage < 9 and isinstance(method.direction, Nesterov):
            allowed = Gradient(1e-4) | allowed  # slow on a narrow width, so it does not linger on a wide one
        short = stage <= EXACT and limit - epochs > ROUGH
        allowed = allowed | Epochs(ROUGH) if short else allowed
        begun = {"stage": stage, "began": began, "done": epochs}
        smooth = objective.smoothed(width)
        stage_end = yield from loop(smooth, params, method, allowed, validation, 0, place, **begun)
        params, epochs, reason = stage_end.params, stage_end.epochs, stage_end.reason
        if epochs >= limit:
            reason = Reason("epochs", {"epochs": limit})
        elif short and reason.code == "epochs":
            reason = Reason("no_progress", {"passes": ROUGH, "lowest": stage_end.value})
        if reason.code not in ("gradient", "no_progress"):
            break
        if stage == EXACT and (exact := _exact(objective, params, epochs, began)) is not None:
            step, end = exact
            with suppress(KeyboardInterrupt):  # the answer is there already
                yield step
            return end
    gap = width * slope**2 / 2
    numbers = {**reason.numbers, "width": width, "gap": gap}
    end = objective.at(objective.to_inner(params))
    proof, unproved = last_gap(objective, end, epochs, reason)
    code = reason.code
    if code == "gradient" and not (proof is not None and proof <= NEAR * size_of(objective, end.value)):
        code = "no_progress"  # the rounding is at its minimum; F may not be
    ended = (Reason(code, numbers), params, end.value, epochs, stage_end.certificate)
    return End(*ended, gap=proof, unproved=unproved)


def _exact(objective, params, epochs: int, began: float) -> tuple[Step, End] | None:
    """The update from near the minimum of a loss with a kink to the minimum, and the end there; None where
    nothing proves it."""
    before, found = objective.at(objective.to_inner(params)), objective.crossover()
    if found is None:
        return None
    theta, gap = found
    end = objective.at(theta)
    allowed = NEAR * size_of(objective, end.value)
    if not (gap <= allowed and end.value <= before.value + allowed):
        return None
    norm, params = math.sqrt(float(before.gradient @ before.gradient)), objective.to_user(theta)
    seconds = time.perf_counter() - began
    step = Step(epochs + 1, epochs, objective.rows, seconds, before.value, norm, math.nan, params, end.value)
    reason = Reason("gap", {"gap": gap, "tolerance": allowed})
    certificate = stationarity(objective, theta, end.gradient)
    ended = (reason, params, end.value, epochs + 1, certificate)
    return step._replace(gradient=before.gradient, gap=gap), End(*ended, cached=end.cached, gap=gap)


def size_of(objective, value: float) -> float:
    """The unit of a gap: F, but no less than a thousandth of F at the null model."""
    return max(abs(value), 1e-3 * abs(objective.null_value))
