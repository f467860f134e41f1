"""Findings on a function: what kind of place it was left at, and whether its derivative is one."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from ...errors import DownslopeError
from ...model.differences import is_slope, nearby
from ...model.functions import Function
from ..gradient_check import check_gradient
from .case import Case
from .nets import PROGRESS
from .rows import REVERSED, decayed, exhausted, turn
from .verdict import Remedy, Verdict

BOX = 10.0  # samples are drawn from [−10, 10), as starts are, widened to hold the start and the end
SHARE = 0.04  # of the run's own evaluations that samples may take
MOST = 256  # samples


def wrong_gradient(case: Case) -> Verdict | None:
    """A derivative that was given, and that differences of f contradict near where it began or ended."""
    function: Function = case.objective.term.function
    if function.derivative_kind != "given":
        return None
    for place in (case.trace.start, case.end.params):
        near = nearby(place)
        with np.errstate(all="ignore"):
            value, given = function.value_and_gradient(near)
        if not (math.isfinite(value) and np.isfinite(given).all()) or is_slope(function.value, near, given):
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
            at = ", ".join(f"{name} = {x:.6g}" for name, x in zip(function.names, near))
            slip = "" if check.slip is None else check.slip.code
            remedy = Remedy("own_derivative", {"derivative": None})
            return case.verdict("wrong_gradient", remedy, at=at, slip=slip, **facts)
    return None


def plateau(case: Case) -> Verdict | None:
    """Next to no slope, no curvature upward, and lower places farther off."""
    values, _ = case.end_curvature
    if not len(values) or not case.steps:
        return None
    if values[0] > _noise(values) or not (_settled(case) or case.end.certificate < 1e-3):
        return None
    lower = _lower_far_off(case)
    if lower is None:
        return None
    place, value = lower
    # What it won on the way is little beside what lies ahead: it walks on the level.
    if not _settled(case) and case.steps[0].loss - case.end.value > PROGRESS * (case.end.value - value):
        return None
    return case.verdict("plateau", *_from(case, place), lower=value, lowest_curvature=float(values[0]))


def saddle(case: Case) -> Verdict | None:
    """No slope, and curvature downward: along all directions, or along some."""
    values, vectors = case.end_curvature
    if not len(values) or not _settled(case) or values[0] >= -_noise(values):
        return None
    if np.abs(vectors.T @ case.point.gradient)[0] > 1e-3 * -values[0] * (1 + np.linalg.norm(case.theta)):
        return None  # a slope that is merely small: the level point is not near
    code = "maximum" if values[-1] < -_noise(values) else "saddle"
    v = vectors[:, 0] * (1.0 if vectors[np.abs(vectors[:, 0]).argmax(), 0] > 0 else -1.0)
    lengths = (1 + np.linalg.norm(case.theta)) * 2.0 ** np.arange(-10, 1)
    points = np.concatenate([case.theta + t * sign * v for t in lengths for sign in (1, -1)]).reshape(
        -1, v.size
    )
    with np.errstate(all="ignore"):
        found = np.nan_to_num([case.objective.at(x).value for x in points], nan=math.inf)
    best = points[int(found.argmin())]
    told = ", ".join(f"{x:.4g}·{name}" for x, name in zip(v, case.objective.names) if abs(x) > 1e-6)
    facts: dict[str, Any] = {
        "eigenvalues": values.tolist(),
        "lowest_curvature": float(values[0]),
        "direction": told,
    }
    nudge = Remedy("nudge_start", {"start": _named(case, best)})
    return case.verdict(code, nudge, case.surest if found.min() < case.end.value else None, **facts)


def minimum(case: Case) -> Verdict | None:
    """No slope, and no curvature downward: a minimum, the lowest that was seen or not."""
    if not _settled(case):
        return None
    lower = _lower_seen(case)
    if lower is not None:
        place, value = lower
        return case.verdict("local_minimum", *_from(case, place), lower=value, place=_told(case, place))
    values, _ = case.end_curvature
    if not len(values):
        return case.verdict("converged")
    kind = "minimum" if values[0] > _noise(values) else "flat"
    return case.verdict("converged", kind=kind, lowest_curvature=float(values[0]))


def oscillating(case: Case) -> Verdict | None:
    """A fixed step after which the gradient points back."""
    t = case.given_rate
    if t is None or case.beta:
        return None
    cosine, shorter = turn(case, t)
    if not cosine < REVERSED:
        return None
    best = Remedy("shorter", {"learning_rate": shorter})
    remedies = (
        [best, case.surest]
        if case.needed(1 / shorter, case.slowest) <= case.settings.epochs
        else [case.surest, best]
    )
    return case.verdict("oscillating", *remedies, cosine=cosine)


def too_slow(case: Case) -> Verdict | None:
    """A fixed rate with which it did not arrive, where the best one would have, as curved as it is."""
    t = case.given_rate
    if t is None or not (math.isfinite(case.L) and case.L > 0 and t < case.best / 2):
        return None
    if not case.at_best <= case.settings.epochs:
        return None
    return case.verdict("too_slow", *case.best_rate, needed=math.ceil(case.at_best))


def _settled(case: Case) -> bool:
    """As small a gradient as was asked for; else a millionth of the first."""
    first = case.steps[0].gradient_norm if case.steps else math.inf
    return case.end.reason.code == "gradient" or case.end.certificate <= max(1e-8, 1e-6 * first)


def _noise(values) -> float:
    """What differences leave of a curvature of 0."""
    return 1e-8 * max(1.0, float(np.abs(values).max(initial=0.0)))


def _lower_far_off(case: Case) -> tuple[np.ndarray, float] | None:
    """The lowest of places along the axes and against the gradient, up to four times as far as 1 + ‖x‖."""
    p = case.objective.size
    g = case.point.gradient
    size = float(np.linalg.norm(g))
    ways = [*np.eye(min(p, 20), p), *([g / size] if size > 0 else [])]
    lengths = (1 + np.linalg.norm(case.theta)) * 2.0 ** np.arange(-6, 3)
    return _lowest(
        case, np.array([case.theta + t * s * way for way in ways for t in lengths for s in (1, -1)])
    )


def _lower_seen(case: Case) -> tuple[np.ndarray, float] | None:
    """The lowest place of the way, and of samples around it; None where it lies no lower than the end."""
    start, end, p = case.trace.start, case.end.params, case.objective.size
    count = int(min(MOST, max(16, SHARE * case.trace.updates)))
    reach = np.maximum(BOX, np.maximum(np.abs(start), np.abs(end)))
    samples = np.random.default_rng(0).uniform(-reach, reach, (count, p))
    # Half of them lie on the axes through the end, evenly, on the scale of the way that was gone.
    each = max(2, count // (2 * p))
    near = 2 * np.maximum(1.0, np.maximum(np.abs(start), np.abs(end)))
    for j, row in enumerate(range(0, min(count - each, each * p), each)):
        samples[row : row + each] = end
        samples[row : row + each, j] = np.linspace(-near[j], near[j], each)
    low = min(range(len(case.steps)), key=lambda j: case.steps[j].loss, default=0)
    passed = [case.steps[low - 1].params] if low > 0 else []  # the loss is that of before the update
    return _lowest(case, np.vstack([samples, start, *passed]))


def _lowest(case: Case, points) -> tuple[np.ndarray, float] | None:
    with np.errstate(all="ignore"):
        # One by one: what the descent called is compiled already, what takes many points at once is not.
        values = np.nan_to_num([case.objective.at(x).value for x in points], nan=math.inf)
    j = int(values.argmin())
    clear = 1e-6 * max(
        abs(case.end.value), abs(case.steps[0].loss - case.end.value) if case.steps else 0.0, 1e-6
    )
    return (points[j], float(values[j])) if values[j] < case.end.value - clear else None


def _from(case: Case, place) -> list[Remedy | None]:
    return [Remedy("other_start", {"start": _named(case, place)})]


def _named(case: Case, place) -> dict[str, float]:
    """To six digits, as it is typed."""
    return {name: float(f"{x:.6g}") for name, x in zip(case.objective.names, place)}


def _told(case: Case, place) -> str:
    return ", ".join(f"{name} = {x:.6g}" for name, x in zip(case.objective.names, place))


FINDINGS = (decayed, saddle, plateau, minimum, oscillating, too_slow, exhausted)
