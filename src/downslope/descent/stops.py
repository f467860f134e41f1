"""Stop conditions. A stop checks the progress after each update and returns a reason or None; stops
combine with | (whichever comes first) and & (both at once).

A stop has no state of its own: its state is passed in and returned.
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..arguments import a, check, is_number, number, shown, whole
from ..errors import DownslopeError, nearest, warn_renamed
from ..registry import Table


class Progress(NamedTuple):
    """What stops may use."""

    epochs: int  # passes that are complete
    seconds: float
    value: float  # F; of a stochastic method, F over all rows at the end of the pass
    stationarity: float  # distance of −g to the penalty's subdifferential; NaN when not known
    scale: float  # the unit of a gradient tolerance
    validation: float | None  # loss, or another cost, of the validation rows
    gap: float | None = None  # an upper bound on F − F*, where it was looked for and there is one
    usual: float = 1.0  # the unit of a gap: the size of F at the null model; 1 for a function
    first: float = math.nan  # F where the descent began
    stride: float = 0.0  # ‖last update‖ / ‖θ − start‖
    fall: float = 0.0  # by how much the parabola of the last step promised that F would fall

    @property
    def certificate(self) -> float:
        """`stationarity` under its name of version 0.1."""
        warn_renamed("Progress.certificate", "stationarity")
        return self.stationarity


@dataclass(frozen=True)
class Reason:
    """Why a descent ended: a code, and the numbers that prove it."""

    code: str
    numbers: dict[str, Any] = field(default_factory=dict)


class Stop:
    """A condition with a reason."""

    def look(self, progress: Progress, seen: Any) -> tuple[Reason | None, Any]:
        """(reason or None, state for the next call)"""
        raise NotImplementedError

    def parts(self) -> Iterator[Stop]:
        """The conditions that this one consists of."""
        yield self

    def __or__(self, other: Stop) -> Stop:
        return Either(self, other)

    def __and__(self, other: Stop) -> Stop:
        return Both(self, other)


@dataclass(frozen=True)
class Epochs(Stop):
    """After this number of epochs (of updates, for a function)."""

    limit: int

    def __post_init__(self):
        if not is_number(self.limit) or self.limit < 1 or self.limit != int(self.limit) or self.limit > 2**53:
            raise DownslopeError("descent.epochs", epochs=self.limit)

    def look(self, progress, seen):
        done = progress.epochs >= self.limit
        return (Reason("epochs", {"epochs": self.limit}) if done else None), seen


@dataclass(frozen=True)
class Pause(Stop):
    """After one epoch; the descent can continue from its `Result`, on other rows."""

    def look(self, progress, seen):
        return Reason("paused", {"epochs": progress.epochs}), seen


@dataclass(frozen=True)
class Gradient(Stop):
    """When no weight can be improved: stationarity ≤ tol · (size of a slope at the null model).

    If the direction knows the curvature, its last step must also have been one that could hardly decrease F:
    with little curvature, a small slope can be far from the minimum.
    """

    tol: float

    def __post_init__(self):
        check(self, tol=number(least=0))

    def look(self, progress, seen):
        size = max(abs(progress.value), 1e-3 * progress.usual)
        hardly = max(1e-5 * self.tol, 1e-15) * size
        if not (progress.stationarity <= self.tol * progress.scale and progress.fall <= hardly):
            return None, seen
        numbers = {"gradient": progress.stationarity, "tolerance": self.tol * progress.scale}
        return Reason("gradient", numbers), seen


@dataclass(frozen=True)
class Gap(Stop):
    """When F is provably near its minimum: duality gap ≤ tol · (the size of F at the null model).

    The gap is computed in every epoch if it is free, otherwise whenever the number of epochs has grown by a
    tenth. If there is no gap, this stop never ends a descent.

    >>> import downslope as ds
    >>> rows = ds.Dataset.from_arrays([[1.0], [2.0], [4.0]], [0, 1, 1])
    >>> F = ds.objective(rows, "log", "l2", 0.1)
    >>> steps = list(ds.descend(F, [0.0, 0.0], ds.GD(), Gap(1e-6) | Epochs(1000)))
    >>> steps[-1].gap <= 1e-6 * F.null_value
    True
    """

    tol: float

    def __post_init__(self):
        if not (is_number(self.tol) and self.tol >= 0):
            raise DownslopeError("descent.at_least", name="tol", value=self.tol, least=0)

    def look(self, progress, seen):
        if progress.gap is None or not progress.gap <= self.tol * progress.usual:
            return None, seen
        return Reason("gap", {"gap": progress.gap, "tolerance": self.tol * progress.usual}), seen


@dataclass(frozen=True)
class NoProgress(Stop):
    """When neither F nor its stationarity has reached a new low for `patience` epochs; F by more than
    `relative` of itself, stationarity by more than a hundredth."""

    relative: float = 1e-12
    patience: int = 30

    def __post_init__(self):
        check(self, relative=number(least=0), patience=whole(least=1))

    def look(self, progress, seen):
        if seen is None:
            return None, (progress.value, progress.stationarity, 0)
        value, certificate, stale = seen
        lower = progress.value < value - self.relative * abs(value)
        surer = progress.stationarity < 0.99 * certificate
        stale = 0 if lower or surer else stale + 1
        lowest = (progress.value if lower else value, progress.stationarity if surer else certificate)
        reason = Reason("no_progress", {"passes": self.patience, "lowest": value})
        return (reason if stale >= self.patience else None), (*lowest, stale)


@dataclass(frozen=True)
class Settled(Stop):
    """When `patience` updates in a row each decreased F by at most `share` of its decrease over the last half
    of the updates, or only by rounding; and if the gradient is 0. Independent of the units of F and x, and
    of how steep or high the start was.
    """

    share: float = 1e-12
    patience: int = 2

    def look(self, progress, seen):
        value, epochs = progress.value, progress.epochs
        marks, last, stale, least = seen or (((0, progress.first),), progress.first, 0, math.inf)
        middle = next(held for at, held in reversed(marks) if 2 * at <= epochs)
        flat = last - value <= 1e-15 * abs(value) and progress.stationarity > 0.9 * least
        small = last - value <= self.share * max(middle - value, 0.0) or flat
        small = small and progress.stride <= 1e-4  # else it goes on and on, as down the tail of exp(−x)
        stale = stale + 1 if small else 0
        if epochs & (epochs - 1) == 0:  # after 1, 2, 4, 8, … updates
            marks = (*marks, (epochs, value))
        if progress.stationarity == 0 or (stale and progress.stationarity <= 1e-10):
            return Reason("gradient", {"gradient": progress.stationarity, "tolerance": 1e-10}), None
        reason = Reason("settled", {"updates": self.patience, "lowest": value})
        seen = marks, value, stale, min(least, progress.stationarity)
        return (reason if stale >= self.patience else None), seen


@dataclass(frozen=True)
class Seconds(Stop):
    """After this number of seconds."""

    limit: float

    def __post_init__(self):
        if not (is_number(self.limit) and self.limit >= 0):
            raise DownslopeError("descent.at_least", name="seconds", value=self.limit, least=0)

    def look(self, progress, seen):
        done = progress.seconds >= self.limit
        return (Reason("seconds", {"seconds": self.limit}) if done else None), seen


@dataclass(frozen=True)
class Validation(Stop):
    """When the validation loss, or the metric of a recipe, has not improved for `patience` epochs; `descend`
    then returns the weights with the best one.  Prechelt 1998."""

    patience: int = 10

    def __post_init__(self):
        if not (is_number(self.patience) and self.patience >= 1):
            raise DownslopeError("descent.at_least", name="patience", value=self.patience, least=1)

    def look(self, progress, seen):
        best, stale = seen or (math.inf, 0)
        if progress.validation is None or progress.validation < best:
            return None, (math.inf if progress.validation is None else progress.validation, 0)
        reason = Reason("validation", {"passes": self.patience, "lowest": best})
        return (reason if stale + 1 >= self.patience else None), (best, stale + 1)


@dataclass(frozen=True)
class Pair(Stop):
    """Two conditions, each with its state."""

    first: Stop
    second: Stop

    def __post_init__(self):
        check(self, first=a("Stop"), second=a("Stop"))

    def parts(self):
        return itertools.chain(self.first.parts(), self.second.parts())

    def both(self, progress, seen):
        """The results of both."""
        a, b = seen or (None, None)
        one, a = self.first.look(progress, a)
        two, b = self.second.look(progress, b)
        return one, two, (a, b)


@dataclass(frozen=True)
class Either(Pair):
    """Whichever comes first."""

    def look(self, progress, seen):
        one, two, seen = self.both(progress, seen)
        return one or two, seen


@dataclass(frozen=True)
class Both(Pair):
    """Both in the same update; the first gives the reason."""

    def look(self, progress, seen):
        one, two, seen = self.both(progress, seen)
        return (one if one and two else None), seen


STOPS = Table(
    "stop",
    {
        "epochs": Epochs,
        "seconds": Seconds,
        "gradient": Gradient,
        "gap": Gap,
        "no_progress": lambda patience=30: NoProgress(patience=patience),
        "validation": Validation,
    },
    Stop,
    1,
)


def by_name(spec: str | Stop) -> Stop:
    """The stop named by a string, its number after a colon. Of several joined by | the first that holds
    counts; several joined by & must hold at once.

    >>> by_name("gap:1e-6 | seconds:10")
    Either(first=Gap(tol=1e-06), second=Seconds(limit=10))
    """
    if isinstance(spec, Stop):
        return spec
    together = (map(_single, part.split("&")) for part in str(spec).split("|"))
    return functools.reduce(operator.or_, (functools.reduce(operator.and_, part) for part in together))


def spec_of(stop: Stop) -> str:
    """The string from which `by_name` makes the same stop. Raises DownslopeError if there is none.

    >>> spec_of(Gap(1e-6) | Seconds(10) & Epochs(5))
    'gap:1e-06 | seconds:10 & epochs:5'
    """
    if (spec := _spec(stop)) is None or by_name(spec) != stop:
        raise DownslopeError("descent.stop_without_text", stop=shown(stop))
    return spec


def _spec(stop: Stop) -> str | None:
    if isinstance(stop, Pair):
        parts, sign = (_spec(stop.first), _spec(stop.second)), "|" if isinstance(stop, Either) else "&"
        return None if None in parts else f"{parts[0]} {sign} {parts[1]}"
    tried = (f"{name}:{number}" for name in STOPS for number in getattr(stop, "__dict__", {}).values())
    return next((spec for spec in (*STOPS, *tried) if _named_by(spec) == stop), None)


def _named_by(spec: str) -> Stop | None:
    try:
        return _single(spec)
    except DownslopeError:
        return None


def _single(spec: str) -> Stop:
    name, _, number = spec.strip().partition(":")
    if name not in STOPS:
        raise DownslopeError("descent.unknown_stop", asked=spec.strip(), known=nearest(name, STOPS))
    if not number:
        try:
            return STOPS[name]()
        except TypeError:
            raise DownslopeError("descent.stop_number", name=name) from None
    try:
        limit = int(number) if number.strip().isdecimal() else float(number)
    except ValueError:
        raise DownslopeError("model.not_a_number", asked=spec, found=number) from None
    return STOPS[name](limit)


def epochs_of(stop: Stop) -> int:
    """The maximum number of epochs of a stop, over which schedules with an end extend."""
    return min((part.limit for part in stop.parts() if isinstance(part, Epochs)), default=1000)
