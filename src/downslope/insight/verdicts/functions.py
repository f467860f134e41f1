"""Findings on a function: what kind of place it was left at, and whether its derivative is one."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from typing import Any

import numpy as np

from ...descent.stops import Reason
from ...errors import DownslopeError
from ...model.differences import is_slope, nearby
from ...model.functions import Function, listed_values
from ..gradient_check import check_gradient
from .case import Case
from .failures import failure
from .ground import FAR, LEFT
from .nets import PROGRESS
from .rows import REVERSED, decayed, too_slow, turn
from .rows import exhausted as not_there_yet
from .verdict import Remedy, Verdict

SHARE = 0.04  # of the run's own evaluations that samples may take
LEAST, MOST = 1, 256  # samples


def wrong_gradient(case: Case) -> Verdict | None:
    """A derivative that was given, and that differences of f contradict near where it began or ended."""
    function: Function = case.objective.term.function
    if function.derivative_kind != "given":
        return None
    begun = [] if function.doubted is None else [function.doubted]
    for near in (*begun, nearby(case.end.params)):
        with np.errstate(all="ignore"):
            given = function.gradient(near)
        if not np.isfinite(given).all() or is_slope(function.value, near, given, each=False):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                check = check_gradient(function, at=near)
        except DownslopeError:  # at a kink, say
            continue
        if not check.right and check.wrong:
            j = function.names.index(check.wrong[0])
            facts: dict[str, Any] = {"variable": check.wrong[0], "told": float(check.given[j])}
            facts["measured"] = float(check.measured[j])
            at = listed_values(function.names, near)
            slip = "" if check.slip is None else check.slip.code
            remedy = Remedy("own_derivative", {"derivative": None})
            return case.verdict("wrong_gradient", remedy, at=at, slip=slip, **facts)
    return None


def grown(case: Case) -> Verdict | None:
    """Higher at the end than at the start, by steps along gradients that kept getting longer."""
    first = case.steps[0].loss if case.steps else case.end.value
    if case.given_rate is None or not case.end.value > first + 1e-9 * abs(first):
        return None
    half = case.ground.middle
    if half is not None and case.steps[-1].gradient_norm <= half.gradient_norm:
        return None
    reason = Reason("diverged", {"loss": case.end.value, "epochs": case.end.epochs})
    return failure(replace(case, end=replace(case.end, reason=reason)))


def minimum(case: Case) -> Verdict | None:
    """Next to nothing left of the slope, no curvature downward: a minimum, the lowest seen or not."""
    ground = case.ground
    if not ground.level or ground.curves_down:
        return None
    if ground.known and not ground.curves_up and (lower := _lower_far_off(case)) is not None:
        return _plateau(case, *lower)
    long = ground.known and ground.newton_step > FAR * ground.length
    thin = ground.known and (long or ground.thin.size > 0 or not ground.curves_up)
    unsure = thin or ground.falls_past_newton or not (ground.known or ground.gradient.any())
    if unsure and (falling := unattained(case)) is not None:
        return falling
    down = (ground.way_down if thin else None) or ground.past_newton
    if down is not None:
        facts = {**_lower(case, down), "lowest_curvature": float(ground.values[0])}
        nudge = Remedy("nudge_start", {"start": _named(case, down[0])})
        return case.verdict("saddle", nudge, kind="inflection", **facts)
    if long:
        return None
    lower = ground.lower_around(_samples(case))
    if lower is not None:
        return case.verdict("local_minimum", _from(case, lower[0]), **_lower(case, lower))
    if not ground.known:
        return case.verdict("converged")
    if ground.along_valley is not None:
        place, value = ground.along_valley
        return replace(_plateau(case, place, value), kind="valley")
    kind = "minimum" if ground.values[0] > ground.noise else "flat"
    return case.verdict("converged", kind=kind, lowest_curvature=float(ground.values[0]))


def saddle(case: Case) -> Verdict | None:
    """Next to nothing left of the slope, and curvature downward: along all directions, or along some."""
    ground = case.ground
    if not ground.level or not ground.curves_down:
        return None
    values, v = ground.values, ground.vectors[:, 0]
    if -values[0] * ground.length <= 10 * float(np.linalg.norm(ground.gradient)):
        return None  # no more than what is left of the slope makes of a ring
    if -values[0] * ground.size**2 <= ground.rounding:
        return None  # no digit of f shows it
    if (falling := unattained(case)) is not None:
        return falling
    if (cusp := kink(case)) is not None:
        return cusp
    code = "maximum" if values[-1] < -ground.noise else "saddle"
    v = v if v[np.abs(v).argmax()] > 0 else -v
    lengths = max(ground.size, ground.length) * 2.0 ** np.arange(-10, 1)
    points = [case.theta + t * sign * v for t in lengths for sign in (1, -1)]
    found = ground.at(points)
    if not found.min() < case.end.value:
        return None  # what curves down is rounding
    best = points[int(found.argmin())]
    combination = ", ".join(f"{x:.4g}·{name}" for x, name in zip(v, case.objective.names) if abs(x) > 1e-6)
    facts: dict[str, Any] = {"eigenvalues": values.tolist(), "lowest_curvature": float(values[0])}
    facts["direction"] = combination
    nudge = Remedy("nudge_start", {"start": _named(case, best)})
    return case.verdict(code, nudge, case.surest, **facts)


def unattained(case: Case) -> Verdict | None:
    """Lower and lower all the way ahead, as far as was looked."""
    ahead = case.ground.falls_on
    if ahead is None or not case.steps:
        return None
    return case.verdict("unbounded", Remedy("bounded_function"), kind="unattained", **_lower(case, ahead))


def plateau(case: Case) -> Verdict | None:
    """Almost no slope compared with lower points farther away, so that the descent made no progress."""
    ground = case.ground
    steep = case.end.stationarity * ground.size
    if not case.steps or ground.moved > 0.2 * ground.size or not math.isfinite(steep):
        return None
    lower = _lower_far_off(case)
    if lower is None:
        return None
    ahead = ground.value - lower[1]
    bend = float(ground.values[-1]) * ground.size * ground.size if ground.known else 0.0
    if max(ground.whole, steep / 10, bend) > PROGRESS * ahead:
        return None
    return _plateau(case, *lower)


def _plateau(case: Case, place, value: float) -> Verdict:
    least = float(case.ground.values[0]) if case.ground.known else 0.0
    return case.verdict("plateau", _from(case, place), lower=value, lowest_curvature=least)


def pole(case: Case) -> Verdict | None:
    """Lower and lower towards a place where f has no value."""
    if not _stuck(case) or (j := case.ground.pole) is None:
        return None
    name = case.objective.names[j]
    facts = {"variable": name, "place": float(case.theta[j])}
    return case.verdict("unbounded", Remedy("bounded_function"), kind="pole", **facts)


def _stuck(case: Case) -> bool:
    return bool(case.steps) and case.end.reason.code in ("settled", "no_progress", "gradient", "epochs")


def kink(case: Case) -> Verdict | None:
    """Not level, and yet higher to all sides: the slope jumps there."""
    if not _stuck(case) or not case.ground.at_kink:
        return None
    lower = case.ground.lower_around(_samples(case))
    if lower is not None:
        return case.verdict("local_minimum", _from(case, lower[0]), **_lower(case, lower))
    return case.verdict("converged", kind="kink")


def oscillating(case: Case) -> Verdict | None:
    """A fixed step after which the gradient points back."""
    t = case.given_rate
    if t is None or case.beta:
        return None
    cosine, shorter = turn(case, t)
    if not cosine < REVERSED:
        return None
    best = Remedy("shorter", {"learning_rate": shorter})
    in_time = case.needed(1 / shorter, case.slowest) <= case.settings.epochs
    remedies = [best, case.surest] if in_time else [case.surest, best]
    return case.verdict("oscillating", *remedies, cosine=cosine)


def exhausted(case: Case) -> Verdict:
    """Where a search finds no lower place, or the epochs are used up."""
    if case.end.reason.code not in ("settled", "no_progress", "gradient"):
        return not_there_yet(case)
    function: Function = case.objective.term.function
    other = "newton" if function.has_hessian and case.method.name != "newton" else "lbfgs"
    remedies = [] if case.method.name == other else [Remedy("other_method", {"method": other})]
    return case.verdict("no_progress", *(remedies if case.searches else [case.surest]))


def _samples(case: Case) -> int:
    """How often f may be asked for lower places: a twenty-fifth of the updates, and more of a formula."""
    least = LEAST if case.objective.term.function.expression is None else 8 * LEAST
    return int(min(MOST, max(least, SHARE * case.trace.updates)))


def _lower_far_off(case: Case) -> tuple[np.ndarray, float] | None:
    """The lowest of places along the axes and against the gradient, up to four times as far as x is large."""
    p, ground = case.objective.size, case.ground
    g = ground.gradient
    size = float(np.linalg.norm(g))
    ways = [*np.eye(min(p, 20), p), *([g / size] if size > 0 else [])]
    lengths = ground.size * 2.0 ** np.arange(-6, 3)
    points = [case.theta + t * s * way for way in ways for t in lengths for s in (1, -1)]
    values = ground.at(points)
    j = int(values.argmin())
    clear = max(LEFT * ground.whole, ground.rounding, 1e-9 * abs(ground.value))
    return (points[j], float(values[j])) if values[j] < ground.value - clear else None


def _from(case: Case, place) -> Remedy:
    return Remedy("other_start", {"start": _named(case, place)})


def _named(case: Case, place) -> dict[str, float]:
    """To six digits, as it is typed."""
    return {name: float(f"{x:.6g}") for name, x in zip(case.objective.names, place)}


def _lower(case: Case, found: tuple[np.ndarray, float]) -> dict[str, Any]:
    """A place where f is lower, and its value there."""
    return {"lower": found[1], "place": listed_values(case.objective.names, found[0])}


FINDINGS = (
    decayed,
    grown,
    minimum,
    saddle,
    oscillating,
    unattained,
    plateau,
    pole,
    kink,
    too_slow,
    exhausted,
)
