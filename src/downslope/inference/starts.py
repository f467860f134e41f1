"""Minimising a function, from one start or several: where each descent ended, and which end is lowest."""

from __future__ import annotations

import inspect
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arguments import a, array, door, whole
from ..arguments import derivative as derivative_kind
from ..descent import methods
from ..descent.directions import Steepest
from ..errors import DownslopeError
from ..messages import text
from ..model.functions import Function
from ..settings import settings_of
from .logbook import Logbook
from .recipe import Recipe, method_of
from .solution import Solution, finite
from .training import Training, run_to_end

if TYPE_CHECKING:
    from .checkpoint import Checkpoint

LEVEL = ("minimum", "flat", "saddle", "maximum")  # kinds of ends where the gradient is 0
MOST = 100_000  # starts
KEPT = 120  # points of each path
OF_FUNCTIONS = ("batch_size", "order", "seconds", "stop", "tol")  # settings that need no rows
SAME = 1e-4  # ends nearer than this, in parts of 1 + ‖x‖, are one place


@door(derivative=derivative_kind, seed=whole(none=True), checkpoint=a("Checkpoint", none=True))
def minimize(
    f,
    start=None,
    method="gd",
    learning_rate: Any = 0.01,
    epochs: int = 1000,
    derivative=None,
    seed=None,
    checkpoint: Checkpoint | None = None,
    log: Any = None,
    verdict: bool = True,
    **settings,
) -> Solution:
    """Minimise a function: a text such as "x^2 + y^2", or a callable.

    `start`: a number, a list of numbers, or name → number. `derivative`: a formula or a callable; by default
    SymPy differentiates a formula and PyTorch a callable; otherwise finite differences are used.
    `method` "auto" is Newton where there are second derivatives, else L-BFGS. All epochs are run, unless
    `tol` says which gradient is small enough. `checkpoint`, `log`: as for `fit`. `verdict`: False leaves
    the end unjudged, for which f would be called again.

    >>> minimize("2*x^2", 500, epochs=2).params, 500 * 0.96**2
    (array([460.8]), 460.8)
    >>> minimize("x^2 + y^2", {"x": 3, "y": 4}, method="newton", learning_rate="auto", epochs=2).params
    array([0., 0.])
    """
    book = Logbook.checked(log)
    training = minimizing(f, start, method, learning_rate, epochs, derivative, seed, **settings)
    training.judged = verdict
    return run_to_end(training, checkpoint, book)


def minimizing(f, start, method, learning_rate, epochs, derivative=None, seed=None, **settings) -> Training:
    """The descent that `minimize` runs, not yet begun."""
    for name, value in settings.items():
        known = settings_of(Recipe).get(name)
        if known is not None and name not in OF_FUNCTIONS and value != known.default:
            raise DownslopeError("functions.setting_of_rows", name=name)
    usual = isinstance(method, str) and method == "lbfgs"
    method = methods.LBFGS(methods.PAIRS_OF_FUNCTION) if usual else method_of(method)
    finds = method == "auto" or method.name in ("lbfgs", "newton", "exhaustive", "torch")
    if isinstance(learning_rate, float) and learning_rate == 0.01 and finds:
        learning_rate = "auto"  # the usual 0.01 is for fixed steps: these search for theirs
    named = {"method": method, "learning_rate": learning_rate, "epochs": epochs, "seed": seed or 0}
    searched = isinstance(learning_rate, str) and learning_rate == "auto"
    tol = None if searched else 0.0  # a fixed step walks all epochs, as in the lessons
    recipe = Recipe.of({"tol": tol, **settings, **named})
    function = Function.of(f, start, derivative)
    return Training.on_function(function, start, recipe)


@dataclass(frozen=True, eq=False)
class EndPoint:
    """A common end of descents: f is `value` at `x` (p,), reached from `count` starts."""

    x: np.ndarray
    value: float
    kind: str
    count: int


@dataclass(frozen=True, eq=False)
class Starts:
    """m descents of f: from `starts` (m, p) to `ends` (m, p), where f is `values` (m,).

    kinds: of each end, "minimum", "flat" (curvature does not decide), "saddle" or "maximum" if the gradient
    is 0; "slope" if it is not yet; "escaped" if f or x grew without bound; "outside" if f is not finite at
    the start. paths (k, m, p): points after the `epochs` (k,), including the first and the last.
    """

    function: Function
    starts: np.ndarray
    ends: np.ndarray
    values: np.ndarray
    kinds: tuple[str, ...]
    paths: np.ndarray
    epochs: np.ndarray
    lowest: int  # the number of the start that ended lowest
    best: Solution  # the descent from there

    @cached_property
    def places(self) -> tuple[EndPoint, ...]:
        """The places where the gradient is 0, each once, the lowest first."""
        found: list[EndPoint] = []
        for i in np.argsort(self.values, kind="stable"):
            if self.kinds[i] not in LEVEL:
                continue
            x = self.ends[i]
            for k, place in enumerate(found):
                if np.linalg.norm(x - place.x) <= 2 * SAME * (1 + np.linalg.norm(place.x)):
                    found[k] = EndPoint(place.x, place.value, place.kind, place.count + 1)
                    break
            else:
                found.append(EndPoint(x, float(self.values[i]), self.kinds[i], 1))
        return tuple(found)

    def __str__(self) -> str:
        """One sentence: how many starts, how many minima, and the lowest end."""
        counts = Counter(self.kinds)
        minima = sum(place.kind == "minimum" for place in self.places)
        if self.best.verdict.failed:
            return text("inference.starts_none", starts=len(self.starts))
        place = ", ".join(f"{name} = {x + 0.0:.6g}" for name, x in zip(self.function.names, self.best.params))
        facts = {"value": self.best.loss, "lowest": place, "minima": minima, "starts": len(self.starts)}
        lines = [text("inference.starts_found", **facts)]
        others = [kind for kind in ("slope", "escaped", "outside") if counts[kind]]
        lines += [text(f"inference.starts_{kind}", count=counts[kind]) for kind in others]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """{starts: [{start, end, value, kind}], places: [{x, value, kind, starts}], best}"""
        named = lambda x: dict(zip(self.function.names, x.tolist()))
        began, ended = map(named, self.starts), map(named, self.ends)
        keys = ("start", "end", "value", "kind")
        starts = [dict(zip(keys, one)) for one in zip(began, ended, self.values, self.kinds)]
        keys = ("x", "value", "kind", "starts")
        places = [dict(zip(keys, (named(p.x), p.value, p.kind, p.count))) for p in self.places]
        facts = {"formula": self.function.formula, "starts": starts, "places": places}
        return finite({**facts, "best": self.best.to_json()})


@door(seed=whole(least=0), epochs=whole(least=1))
def minimize_from(
    f,
    starts: Any = 20,
    box: Any = (-10.0, 10.0),
    method: Any = "gd",
    learning_rate: Any = 0.01,
    epochs: int = 1000,
    seed: int = 0,
    derivative=None,
) -> Starts:
    """x ← x − t·∇f(x) from several starts, since each descent finds only the minimum of its own valley.

    f: as for `minimize`.  starts: their number, drawn uniformly from `box` with `seed`; or the starts
    themselves, (m, p).  box: (lowest, highest), two numbers or two rows of p.  Gradient descent at a fixed
    learning rate updates all starts at once; other methods run one start at a time.

    Raises DownslopeError for an invalid number of starts or box, and if f is finite at no start.

    >>> found = minimize_from("x^4 - 8*x^2 + x", starts=20, box=(-3, 3))
    >>> [(round(float(place.x[0]), 3), place.count) for place in found.places]
    [(-2.031, 8), (1.968, 12)]
    """
    if isinstance(f, str):
        f = Function.of(f, None, derivative)
    X = _starts(f, starts, box, seed)
    function = Function.of(f, float(X[0, 0]) if X.shape[1] == 1 else X[0], derivative)
    X = np.array([function.start_vector(x) for x in X])
    inside = np.isfinite(function.values(X)) & np.isfinite(function.gradients(X)).all(axis=1)
    first = X[np.argmax(inside)]  # where none is inside, it is refused here with its reason
    settings: dict[str, Any] = {"learning_rate": learning_rate, "epochs": epochs, "seed": seed}
    chosen = minimizing(function, first, method, **settings).method
    if isinstance(chosen.direction, Steepest) and chosen.fixed_rate is not None:
        paths, at = _together(function, X, inside, chosen.fixed_rate, epochs)
    else:
        paths, at = _one_by_one(function, X, inside, method, settings)
    ends = paths[-1]
    values = np.where(inside, function.values(ends), np.nan)
    kinds = tuple(_kind(function, *row) for row in zip(X, ends, values, inside))
    held = np.where([kind not in ("escaped", "outside") for kind in kinds], values, np.inf)
    lowest = int(np.argmin(held) if np.isfinite(held).any() else np.argmax(inside))
    best = minimize(function, X[lowest], method, **settings)
    return Starts(function, X, ends, values, kinds, paths, at, lowest, best)


def _starts(f, asked, box, seed: int) -> np.ndarray:
    """The starts that were given, or drawn.  (m, p)"""
    if isinstance(asked, list | tuple) or (isinstance(asked, np.ndarray) and asked.ndim):
        array((1, 2))("starts", asked)
        given = np.asarray(asked, dtype=float)
        return given[:, None] if given.ndim == 1 else given
    if not isinstance(asked, int | np.integer) or isinstance(asked, bool) or not 1 <= asked <= MOST:
        raise DownslopeError("inference.starts_count", found=asked, most=f"{MOST:,}")
    try:
        low, high = (np.asarray(side, dtype=float).ravel() for side in box)
        sound = low.size > 0 and np.isfinite(low).all() and np.isfinite(high).all() and (low < high).all()
    except (TypeError, ValueError):
        sound = False
    if not sound:
        raise DownslopeError("inference.starts_box", found=box)
    arguments = f.size if isinstance(f, Function) else len(inspect.signature(f).parameters)
    size = max(arguments, low.size, high.size)
    return np.random.default_rng(seed).uniform(low, high, (asked, size))


def _together(function: Function, X, inside, rate: float, epochs: int):
    """All starts at each update; points that leave every bound stay where they were.  (k, m, p), (k,)"""
    at = np.unique(np.geomspace(1, epochs + 1, min(KEPT, epochs + 1)).round().astype(int)) - 1
    bound = 1e10 * (1 + np.abs(X).max(axis=1))
    paths, moving = [X], inside.copy()
    for epoch in range(1, epochs + 1):
        with np.errstate(all="ignore"):
            moved = X - rate * function.gradients(X)
            moving = moving & (np.abs(moved).max(axis=1) < bound)  # false for what is not finite
        X = np.where(moving[:, None], moved, X)
        if epoch in at:
            paths.append(X)
    return np.array(paths), at


def _one_by_one(function: Function, X, inside, method, settings):
    """A descent for each start; of each path as many points.  (k, m, p), (k,)"""
    paths = []
    for x, sound in zip(X, inside):
        walked = [x]
        if sound:
            run = minimize(function, x, method, **settings)
            walked += [*run.trace.column("params"), run.params]
        paths.append(np.array(walked)[np.linspace(0, len(walked) - 1, KEPT).round().astype(int)])
    return np.stack(paths, axis=1), np.linspace(0, settings["epochs"], KEPT)


def _kind(function: Function, start, x, value: float, inside: bool) -> str:
    """What kind of place x is: level if a Newton step from it is next to nothing, then by its curvature."""
    if not inside:
        return "outside"
    first = abs(function.value(start))
    if not np.isfinite(value) or abs(value) > 1e10 * (1 + first):
        return "escaped"
    gradient, scale = function.gradient(x), float(np.linalg.norm(function.gradient(start)))
    if not np.isfinite(gradient).all():
        return "escaped"
    H = function.hessian(x)
    if H is None or not np.isfinite(H).all():
        return "flat" if np.linalg.norm(gradient) <= max(1e-6, 1e-6 * min(scale, 1.0)) else "slope"
    step = np.linalg.lstsq(H, gradient, rcond=1e-10)[0]
    left = np.linalg.norm(H @ step - gradient)
    if np.linalg.norm(step) > SAME * (1 + np.linalg.norm(x)) or left > 1e-8 * (1 + scale):
        return "slope"
    values = np.linalg.eigvalsh(H)
    noise = 1e-8 * max(1.0, float(np.abs(values).max()))
    if values[0] > noise:
        return "minimum"
    if values[0] < -noise:
        return "maximum" if values[-1] < -noise else "saddle"
    return "flat"
