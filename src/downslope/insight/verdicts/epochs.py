"""How many epochs a descent still needs, by the way that it went."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

from ...descent import auto_rate
from ...descent.directions import Nesterov
from ...descent.schedules import Constant
from ...descent.trace import Step
from ..prediction import update_along

if TYPE_CHECKING:
    from .case import Case


CHEAP = 2e6  # rows × weights² up to which Newton's steps to the minimum cost a few hundredths of a second


def still_to_go(case: Case) -> float:
    """Epochs that are still to go, as it went: by how fast the gradient fell in the last half, and on a
    parabola no fewer than the flattest way takes. Infinite where it did not fall, and for drawn rows."""
    if not case.full or len(case.steps) < 3 or not case.end.stationarity > 0:
        return math.inf
    if case.of_function:
        return _of_function(case)
    if not (case.gradual or case.searches):
        return math.inf  # steps that do not follow the slope tell nothing of the way to come
    if getattr(case.method.direction, "beta", None) == "auto":
        return math.inf  # momentum grows from update to update, as Nesterov's does by itself
    last = case.steps[len(case.steps) // 2 :]
    places = np.unique(np.linspace(0, len(last) - 1, 33).astype(int))
    smooth = not case.objective.nonsmooth
    looked = last if smooth else [last[j] for j in places]  # each of which costs a pass over the rows
    sizes = np.array([_slope_at(case, step) for step in looked])
    if not (np.isfinite(sizes) & (sizes > 0)).all():
        return math.inf
    # What rolls or alternates falls in waves: only their crests tell of the way to come.
    crests = np.maximum.accumulate(sizes[::-1])[::-1]
    crests = crests[places] if smooth else crests
    epochs = np.array([float(last[j].epoch) for j in places])
    if epochs[-1] == epochs[0]:
        return math.inf
    fall = -float(np.polyfit(epochs, np.log(crests), 1)[0])
    ahead = math.log(max(1.0, math.sqrt(case.objective.size) * case.end.stationarity / case.target))
    rate = case.given_rate or _own_rate(case)
    slowest = _least_at_minimum(case) or case.slowest
    slow = _slowest_fall(case, rate, slowest) if rate is not None and slowest > 0 else None
    if slow is not None and case.objective.quadratic and smooth:
        fall = min(fall, slow)
    if not fall > 0:
        return math.inf
    more = 1.25 * ahead / fall + 1  # a tail is straight to a fifth
    if slow is not None and not case.objective.quadratic:  # a few epochs do not show the flattest way
        first = math.sqrt(case.objective.size) * case.steps[0].gradient_norm
        more = max(more, 1.1 * math.log(max(math.e, first / case.target)) / slow - case.end.epochs)
    return math.ceil(more) if math.isfinite(more) else math.inf


def _of_function(case: Case) -> float:
    """Epochs still to go until a millionth of the fall over the last half of all is left, by how fast
    the gradient fell in the last quarter: infinite where it fell more slowly than before, as on the way
    to an end that is infinitely far, or where the curvature promises no end."""
    steps = case.steps
    marks = [steps[int(j)] for j in np.linspace(len(steps) // 2, len(steps) - 1, 3)]
    sizes = [mark.gradient_norm for mark in marks]
    spans = [after.epoch - before.epoch for before, after in itertools.pairwise(marks)]
    if not all(map(math.isfinite, sizes)) or min(sizes) <= 0 or min(spans) <= 0:
        return math.inf
    before, after = (math.log(a / b) / span for (a, b), span in zip(itertools.pairwise(sizes), spans))
    flattest = case.ground.values[0] if case.ground.known else math.nan
    if not after > 0 or after < 0.8 * before or flattest <= case.ground.noise:
        return math.inf
    if case.given_rate is not None and case.given_rate * flattest < 1:
        after = min(after, -math.log1p(-case.given_rate * flattest) / (1 - case.beta))
    # f falls as the square of the gradient, and half of the epochs must do; a valley gets flatter ahead
    needed = max(2.5 * math.log(1e6) / after, 1.5 * case.end.epochs)
    return math.ceil(max(1.0, needed - case.end.epochs))


def _slope_at(case: Case, step: Step) -> float:
    """How far a step was from a minimum: its gradient; next to a kink, the certificate after it."""
    if not case.objective.nonsmooth:
        return step.gradient_norm
    theta = case.objective.to_inner(step.params)
    return case.objective.stationarity(theta, case.objective.value_and_gradient(theta).gradient)


def _own_rate(case: Case) -> float | None:
    """The fixed rate that a method took, of Nesterov's too."""
    if not isinstance(case.method.direction, Nesterov):
        return None
    rate = auto_rate.resolved(case.method, case.objective)
    return rate.rate if isinstance(rate, Constant) else None


def _least_at_minimum(case: Case) -> float:
    """The least curvature where a curved loss over rows is lowest, by Newton's steps from the end; 0 where it
    is not found, and where that would cost more than a moment. A loss for classes is flattest there."""
    objective, theta = case.objective, case.theta
    sound = objective.linear_rows and objective.curved and objective.whole
    if not sound or objective.quadratic or objective.nonsmooth or objective.rows * len(theta) ** 2 > CHEAP:
        return 0.0
    point = objective.value_and_gradient(theta)
    for _ in range(20):
        values, vectors = np.linalg.eigh(objective.hessian(point))
        if not values[0] > 1e-12 * values[-1]:
            return 0.0
        step = vectors @ ((vectors.T @ point.gradient) / values)
        if float(point.gradient @ step) <= 1e-12 * max(1.0, abs(point.value)):
            return float(values[0])
        for t in (1.0, 0.5, 0.25, 0.1, 0.01):
            ahead = objective.value_and_gradient(point.theta - t * step)
            if ahead.value < point.value:
                break
        else:
            return 0.0
        point = ahead
    return 0.0


def _slowest_fall(case: Case, t: float, slowest: float) -> float | None:
    """By how much log ‖gradient‖ falls an update along the slowest way of a parabola; None where it
    does not."""
    direction = case.method.direction
    if getattr(direction, "beta", 0.0) == "auto":
        return None
    curves = np.array([*filter(math.isfinite, (case.L, slowest))])  # the curvature of counts has no bound
    worst = float(np.abs(np.linalg.eigvals(update_along(direction, t, curves))).max(initial=0.0))
    return -math.log(worst) if 0 < worst < 1 else None
