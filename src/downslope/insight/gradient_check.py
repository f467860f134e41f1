"""R(t) = |f(x + t·d) − f(x) − t·g·d| falls as t² if g is the gradient of f, and as t if it is not."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..arguments import door
from ..errors import DownslopeError, DownslopeWarning
from ..messages import language, text
from ..model.functions import Function
from ..model.objective import Objective
from .extrapolation import extrapolated, rounding_of
from .slips import Slip, candidates

LADDER = 10.0 ** np.arange(0, -8.25, -0.5)  # the t of the remainder
DIRECTIONS, FITTED = 3, 5  # and the points, from the small end, that its slope is taken from
COMPARED = 100  # coordinates that are compared with differences; of more, these many, evenly spread
SEARCHED = 2_000  # and these many where the remainder says that some are wrong
TOLERANCE = 1e-6  # of a coordinate that counts as right
TOLD = 5  # wrong coordinates listed by name


class Subject(NamedTuple):
    """What is checked: f and its supposed gradient, as functions of a vector (p,)."""

    names: tuple[str, ...]
    value: Callable[[np.ndarray], float]
    gradient: Callable[[np.ndarray], np.ndarray]
    rows: int = 1
    of_row: Callable[[int], Callable[[np.ndarray], float]] | None = None  # f of one row alone


@dataclass(frozen=True, eq=False)
class GradientCheck:
    """Whether g = ∇f(x): coordinates compared with finite differences of f, and the Taylor remainder."""

    names: tuple[str, ...]
    at: np.ndarray  # (p,)
    given: np.ndarray  # (p,) the gradient that was checked
    measured: np.ndarray  # (p,) by differences of f; NaN where not compared
    wrong: tuple[str, ...]  # the coordinates that differ
    steps: np.ndarray  # (m,) t
    remainders: np.ndarray  # (3, m) R(t) along random directions
    floor: np.ndarray  # (3, m) below which R is rounding
    slope: float | None  # d log R / d log t; None where R is nothing but rounding
    slip: Slip | None  # what was probably forgotten

    @property
    def right(self) -> bool:
        """Whether g is the gradient of f."""
        return not self.wrong and (
            not np.isnan(self.measured).any() or self.slope is None or self.slope > 1.5
        )

    @property
    def numbers(self) -> dict[str, Any]:
        """The proof: the slope, the largest difference, and the numbers of each wrong coordinate."""
        seen = ~np.isnan(self.measured)
        away = np.abs(self.given - self.measured)[seen]
        scale = float(np.abs(self.measured[seen]).max(initial=0.0)) or 1.0
        places = [self.names.index(name) for name in self.wrong]
        coordinates = [
            {"name": self.names[j], "given": float(self.given[j]), "measured": float(self.measured[j])}
            for j in places
        ]
        return {
            "slope": self.slope,
            "compared": int(seen.sum()),
            "error": float(away.max(initial=0.0)) / scale,
            "wrong": coordinates,
            **({} if self.slip is None else {"slip": self.slip.code, **self.slip.numbers}),
        }

    @property
    def lines(self) -> list[str]:
        """The result, each wrong coordinate, and the mistake that would explain it."""
        numbers = self.numbers
        slope = "–" if self.slope is None else f"{self.slope:.2f}"
        if self.right:
            kind = "straight" if self.slope is None else "right" if self.slope > 1.5 else "near_kink"
            facts = {"compared": numbers["compared"], "error": f"{numbers['error']:.0e}", "slope": slope}
            return [text(f"instruments.gradient_{kind}", **facts)]
        lines = [text("instruments.gradient_wrong", slope=slope, count=len(self.wrong), size=len(self.names))]
        for wrong in numbers["wrong"][:TOLD]:
            pair = {part: f"{wrong[part] + 0.0:.6g}" for part in ("given", "measured")}
            lines.append(text("instruments.wrong_coordinate", name=wrong["name"], **pair))
        if len(self.wrong) > TOLD:
            lines.append(text("instruments.more", count=len(self.wrong) - TOLD))
        lines.append(text("instruments.slip_other") if self.slip is None else self.slip.text)
        return lines

    @property
    def text(self) -> str:
        """The lines as one."""
        return ("" if language() == "zh" else " ").join(self.lines)

    def to_json(self) -> dict[str, Any]:
        """{right, text, numbers, at, given, measured, steps, remainders}"""
        return {
            "right": self.right,
            "text": self.text,
            "numbers": self.numbers,
            "at": dict(zip(self.names, self.at.tolist())),
            "given": self.given.tolist(),
            "measured": self.measured.tolist(),
            "steps": self.steps.tolist(),
            "remainders": self.remainders.tolist(),
        }

    def __repr__(self) -> str:
        return f"<GradientCheck {self.text}>"


@door()
def check_gradient(f, gradient=None, at=None, rows=None) -> GradientCheck:
    """Whether `gradient` is the gradient of `f` at a point, and if not, where and probably why.

    f: a formula ("x^2 + y^2"), a callable, a `Function` or an `Objective` (in the user's units).
    gradient: as the derivative of `minimize`; by default that of f.  `at`: a number, a list of numbers, or
    name → number.  rows: (X, y), if f and its gradient are called as f(w, X, y); mistakes about rows, such
    as using only the last one, can then be recognised.

    Raises DownslopeError if f is not finite, has a kink, or there is nothing to check.

    >>> check_gradient("2*x^2", "4*x", 5).right
    True
    >>> check = check_gradient("x^2 + 3*y^2", "2*x, -6*y", {"x": 1, "y": 2})
    >>> check.right, check.wrong, check.slip.code
    (False, ('y',), 'sign')
    """
    subject, x = _subject(f, gradient, at, rows)
    given, base = subject.gradient(x), subject.value(x)
    rng = np.random.default_rng(0)
    reach = np.maximum(np.abs(x), 1e-3 * max(1.0, float(np.abs(x).max())))
    ways = rng.standard_normal((DIRECTIONS, x.size)) * reach / np.sqrt(x.size)
    noise = max(rounding_of(subject.value, x, d, base) for d in ways)
    moved = np.array([[subject.value(x + t * d) for t in LADDER] for d in ways])
    along = ways @ given  # (3,)
    if (moved == base).all():  # no digit of f moved: less than a unit in the last place of 1 is hidden
        noise = max(noise, float(np.finfo(float).eps))
    remainders = np.abs(moved - base - LADDER * along[:, None])
    # A gradient that is right to seven digits is right: below that, and below rounding, R tells nothing.
    floor = 30 * noise + 1e-7 * LADDER * (np.abs(ways) @ np.abs(given))[:, None]
    slopes = [_slope(LADDER, R, least) for R, least in zip(remainders, floor)]
    known = [slope for slope in slopes if slope is not None]
    slope = float(np.median(known)) if known else None
    most = COMPARED if slope is None or slope > 1.5 else SEARCHED
    measured, wrong = _compared(subject, x, given, noise, most)
    return GradientCheck(
        names=subject.names,
        at=x,
        given=given,
        measured=measured,
        wrong=tuple(subject.names[j] for j in wrong),
        steps=LADDER,
        remainders=remainders,
        floor=floor,
        slope=slope,
        slip=_slip(subject, x, given, measured, wrong, noise) if len(wrong) else None,
    )


# ── what is checked ─────────────────────────────────────────────────────────────────────────────────


def _subject(f, gradient, at, rows) -> tuple[Subject, np.ndarray]:
    """f and its gradient as functions of a vector, and the place as one."""
    count, of_row = 1, None
    names: tuple[str, ...] | None = None
    if isinstance(f, Objective):
        objective, names, count = f, f.names, f.rows
        f = lambda w: objective.value(objective.to_inner(w))
        at = _vector(names, at)
        gradient = gradient or (lambda w: _in_user_units(objective, w))
        if count > 1:
            of_row = lambda i: (
                lambda w: objective.value_and_gradient(objective.to_inner(w), np.array([i])).value
            )
    elif rows is not None:
        X, y = (np.asarray(part) for part in rows)
        of_rows, its_gradient, count = f, gradient, len(X)
        f = lambda w: of_rows(w, X, y)
        gradient = None if gradient is None else lambda w: its_gradient(w, X, y)
        number = isinstance(at, int | float)  # w is one number
        of_row = lambda i: lambda w: float(of_rows(w[0] if number else w, X[i : i + 1], y[i : i + 1]))
    elif isinstance(f, Function) and gradient is not None:
        names, at = f.names, f.start_vector(at)
        f = f.formula if f.expression is not None else f.value
    with warnings.catch_warnings():  # a derivative that does not fit is what we are here for
        warnings.simplefilter("ignore", DownslopeWarning)
        function = Function.of(f, at, gradient)
    if function.derivative_kind == "finite differences":
        raise DownslopeError("instruments.no_gradient", formula=function.formula)
    x = function.check_start(at)
    value = _quiet(function.value)
    return Subject(names or function.names, value, _quiet(function.gradient), count, of_row), x


def _vector(names: tuple[str, ...], at) -> np.ndarray:
    """The place in the order of the names, from a row or from name → number."""
    return Function(names, "F", "given", None).start_vector(at)  # type: ignore[arg-type]


def _in_user_units(objective: Objective, w: np.ndarray) -> np.ndarray:
    """∂F/∂w = Jᵀ·∂F/∂θ with J = ∂θ/∂w; where |w| has a slope, that of the penalty with it."""
    theta = objective.to_inner(w)
    inner = objective.value_and_gradient(theta).gradient + objective.l1 * np.sign(theta)
    still = objective.to_inner(np.zeros(w.size))
    return np.array([inner @ (objective.to_inner(unit) - still) for unit in np.eye(w.size)])


def _quiet(call: Callable) -> Callable:
    def called(x):
        with np.errstate(all="ignore"):
            return call(x)

    return called


# ── the remainder ───────────────────────────────────────────────────────────────────────────────────


def _slope(steps: np.ndarray, R: np.ndarray, floor: np.ndarray) -> float | None:
    """d log R / d log t at the small end of the range in which R is more than rounding."""
    clean = np.flatnonzero(np.isfinite(R) & (floor < R))[-FITTED:]
    if len(clean) < 3:
        return None
    return float(np.polyfit(np.log(steps[clean]), np.log(R[clean]), 1)[0])


# ── the coordinates ─────────────────────────────────────────────────────────────────────────────────


def _compared(subject: Subject, x, given, noise: float, most: int) -> tuple[np.ndarray, np.ndarray]:
    """∇f by differences of f, NaN where not looked at; and which coordinates of `given` differ from it."""
    measured, slack = np.full(x.size, np.nan), np.zeros(x.size)
    for j in np.unique(np.linspace(0, x.size - 1, min(x.size, most)).astype(int)):
        measured[j], slack[j] = extrapolated(subject.value, x, j, noise, subject.names[j])
    largest = np.nanmax(np.abs(measured), initial=0.0)
    allowed = TOLERANCE * np.maximum(np.abs(given), np.abs(measured)) + 10 * slack + 1e-9 * largest
    wrong = np.flatnonzero(np.abs(given - measured) > allowed).tolist()
    for j in list(wrong):
        found = _seen_closer(subject, x, given[j], (measured[j], slack[j]), j, noise)
        if found is not None:
            measured[j] = found
            wrong.remove(j)
    return measured, np.array(wrong, dtype=int)


def _seen_closer(subject: Subject, x, given: float, first: tuple, j: int, noise: float) -> float | None:
    """∂f/∂xⱼ as shorter steps have it, where they agree with the gradient that was given, or not with the
    longer ones: f may turn many times within those. None where two of them contradict it in agreement."""
    seen = [first]
    for widest in (3e-3, 1e-4, 3e-6):
        with np.errstate(all="ignore"):
            try:
                slope, doubt = extrapolated(subject.value, x, j, noise, subject.names[j], widest)
            except DownslopeError:
                continue
        if not np.isfinite(slope) or doubt > 1e-4 * abs(slope):
            continue
        if abs(given - slope) <= TOLERANCE * max(abs(given), abs(slope)) + 10 * doubt:
            return slope
        seen.append((slope, doubt))
    for (one, less), (two, more) in itertools.combinations(seen, 2):
        if abs(one - two) <= TOLERANCE * max(abs(one), abs(two)) + 10 * (less + more):
            return None
    return float("nan")


def _slip(subject: Subject, x, given, measured, wrong, noise: float) -> Slip | None:
    """The first slip that explains what was found here and at another place as well."""
    here = candidates(subject, x, given, measured, wrong, noise)
    there = x + np.maximum(np.abs(x), 0.1) * np.random.default_rng(0).uniform(0.1, 0.3, x.size)
    again = subject.gradient(there)
    if not (np.isfinite(subject.value(there)) and np.isfinite(again).all()):
        return next(iter(here), None)
    try:
        others = candidates(subject, there, again, *_compared(subject, there, again, noise, SEARCHED), noise)
    except DownslopeError:  # a kink, over there
        return next(iter(here), None)
    return next((slip for slip in here if any(map(slip.agrees, others))), None)
