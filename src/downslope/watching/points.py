"""What is called from inside the watched script: at a loop, before and after a weight moves, at a loss.

None of these raises, warns or draws a random number; values pass through unchanged. The quick path of an
update keeps references and writes its loss; weights and gradient are copied at a sample of the updates.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .records import Loop, Update

ALWAYS = 1024  # updates of the sample, before its share of the time is looked at
SHARE = 0.1  # of the loop's time, for the sample
RUNS = 64  # loops that are recorded of one loop statement
NAN = math.nan
PLAIN = frozenset({float, int, np.float64, np.float32})


@dataclass
class Terms:
    """How a site's gradient is made of its pieces: (sign, pieces that multiply, pieces that divide). A pair
    of pieces is a matrix product."""

    terms: list[tuple[int, list, list[int]]] = field(default_factory=list)
    names: list[int] = field(default_factory=list)  # pieces handed over by `before`, in its order


class Points:
    """The calls of one training loop by hand. `template` has its roles, `sites` the parts of gradients."""

    def __init__(self, recorder: Any, template: Loop, sites: list[Terms], per_row: bool, stop: Any):
        self.recorder, self.template, self.sites, self.per_row = recorder, template, sites, per_row
        self.stop = stop
        self.track: Any = None
        self.number = 0
        self.runs = 0
        self.fresh = True  # the loop was entered, and nothing has moved yet
        self.epoch = -1
        self.wanted = True
        self.entries: list[list] = []  # of this update: [site, before, names, pieces, after]
        self.last: list[list] = []  # of the update before
        self.end: np.ndarray | None = None  # the weights after it, when the loop was entered again
        self.loss: Any = None
        self.rate: Any = NAN
        self.spent = 0.0
        self.began = time.perf_counter()
        self.dead = False
        self.failure: Exception | None = None

    def __reduce__(self):
        """In another process, where a function of the script was sent by value, nothing is recorded."""
        return _silent, ()

    # ---- the calls ---------------------------------------------------------------------------------

    def enter(self) -> None:
        """The loop statement begins."""
        self.fresh = True
        self.epoch += 1

    def before(self, site: int) -> Callable:
        """before(weight, *names): a weight is about to move."""
        entries, copied = self, _copied

        def call(weight, *names):
            if entries.fresh and not entries.entries:
                entries.end = entries._weights(entries.last)  # what moves in place is changed by now
            if entries.fresh or entries.wanted:
                entries.entries.append([site, copied(weight), names, [], None])
            else:
                entries.entries.append([site, None, names, [], None])

        return call

    def piece(self, site: int, number: int) -> Callable:
        """piece(value): a part of the gradient, as the script computes it."""

        def call(value):
            entry = self._open(site)
            if entry is not None:
                entry[3].append((number, value))
            return value

        return call

    def after(self, site: int) -> Callable:
        """after(weight, *rate): a weight has moved."""

        def call(weight, *rate):
            entry = self._open(site)
            if entry is None:
                self.entries.append([site, None, (), [], weight])
            else:
                entry[4] = weight
            if rate:
                self.rate = rate[0]
            return weight

        return call

    def _open(self, site: int) -> list | None:
        """The entry of a site whose weight has not moved yet."""
        for entry in reversed(self.entries):
            if entry[0] == site:
                return entry if entry[4] is None else None
        return None

    def take_rate(self, value: Any) -> None:
        """The rate, by the name that the user gave."""
        self.rate = value

    def late(self, point: Callable) -> Callable:
        """late(lambda: name): a point for a name that may not be bound yet."""

        def call(thunk):
            try:
                value = thunk()
            except (NameError, AttributeError, LookupError):
                return
            point(value)

        return call

    def done(self) -> None:
        """All weights of an update have moved."""
        if self.entries and self.entries[-1][4] is not None:
            self.update()

    def moved(self, site: int) -> Callable:
        """moved(weight, *rate): `after` and `done` of a loop that moves one weight by one statement."""

        def call(weight, *rate):
            if not self.entries:
                self.entries.append([site, None, (), [], weight])
            else:
                self.entries[-1][4] = weight
            if rate:
                self.rate = rate[0]
            self.update()
            return weight

        return call

    def loss_before(self, value: Any) -> Any:
        """The loss of the update that follows."""
        self.loss = value
        return value

    def loss_after(self, value: Any) -> Any:
        """The loss after the last update."""
        if self.track is not None:
            try:
                self.track.amend(self.track.count, number(value))
            except Exception as error:
                self.dead, self.failure = True, error
            if self.stop is not None:
                self.stop(self, number(value))
        return value

    # ---- one update --------------------------------------------------------------------------------

    def update(self) -> None:
        entries, loss, rate = self.entries, self.loss, self.rate
        self.entries, self.loss = [], None
        given = loss is not None
        if self.dead or not self.recorder.active:
            return
        try:
            if self.fresh:
                self._begin(entries)
            track = self.track
            loss = loss if type(loss) in PLAIN else number(loss)
            rate = rate if type(rate) in PLAIN else number(rate)
            epoch = self.epoch if self.per_row else track.count
            track.step(loss, rate, epoch)
            self.last = entries
            if self.wanted:
                self._sample(entries, loss, rate, epoch)
            self.wanted = track.count >= track.next
        except Exception as error:
            self.dead = True
            self.failure = error
            return
        if self.stop is not None and (given or not self.template.loss):
            weights = self._weights(entries)
            largest = NAN if weights is None else float(np.abs(weights).max(initial=0.0))
            self.stop(self, loss if given else largest)

    def _begin(self, entries: list[list]) -> None:
        """The first update since the loop was entered: it goes on with the weights, or begins anew."""
        self.fresh = False
        start = _joined([entry[1] for entry in entries])
        end = self.end if self.track is not None and self.last else None
        if start is not None and end is not None and np.array_equal(start, end, equal_nan=True):
            return
        if self.track is not None:
            self.finish()
            if self.runs >= RUNS:
                self.dead = True
                return
        shapes, names = self._shapes(entries)
        torch = any(type(entry[4]).__module__.startswith("torch") for entry in entries)
        loop = replace(self.template, kind="torch" if torch else "hand", weights=names, shapes=shapes)
        self.number = self.recorder.loop(loop)
        self.track = self.recorder.tracks[self.number]
        self.runs += 1
        self.epoch, self.wanted, self.spent, self.began = 0, True, 0.0, time.perf_counter()
        if start is not None:
            self.recorder.update(Update(self.number, 0, 0, self.recorder.seconds, params=start))

    def _shapes(self, entries: list[list]) -> tuple[tuple, tuple]:
        """Shapes and names of the weights, one for each site; a loop over numbers makes one vector."""
        shapes: list[tuple[int, ...]] = []
        names: list[str] = []
        for site, name in enumerate(self.template.weights):
            mine = [_shape(entry[4]) for entry in entries if entry[0] == site]
            if len(mine) > 1 and not any(mine):
                shapes.append((len(mine),))
                names.append(name)
            else:
                shapes += mine
                names += [name] if len(mine) == 1 else [f"{name}[{place}]" for place in range(len(mine))]
        return tuple(shapes), tuple(names)

    def _sample(self, entries: list[list], loss: float, rate: float, epoch: int) -> None:
        began = time.perf_counter()
        track = self.track
        gradient = self._gradient(entries)
        params = self._weights(entries)
        before = _joined([entry[1] for entry in entries])
        norm = NAN if gradient is None else _norm(gradient)
        rows = 1 if self.per_row else 0
        plain = (self.number, track.count, epoch, began - self.recorder.began, loss, rate, norm, rows)
        self.recorder.update(Update(*plain, params, gradient, before=before))
        now = time.perf_counter()
        self.spent += now - began
        self.recorder.recording_seconds += now - began
        if track.sampled > ALWAYS and self.spent > SHARE * (now - self.began):
            cost, pace = self.spent / track.sampled, (now - self.began - self.spent) / track.count
            track.sparser(min(cost / (SHARE * pace), 2.0 * track.count))

    def _weights(self, entries: list[list]) -> np.ndarray | None:
        return _joined([_copied(entry[4]) for entry in sorted(entries, key=lambda entry: entry[0])])

    def _gradient(self, entries: list[list]) -> np.ndarray | None:
        parts = []
        with np.errstate(all="ignore"):
            for site, _, names, pieces, after in sorted(entries, key=lambda entry: entry[0]):
                part = _combined(self.sites[site], names, pieces)
                if part is None:
                    return None
                size = _copied(after)
                if size is not None and len(part) == 1 < len(size):
                    part = np.full(len(size), part[0])
                parts.append(part)
        return _joined(parts)

    def finish(self) -> None:
        """The last update, where it is not one of the sample."""
        track = self.track
        if track is None or not self.last or track.last >= track.count or self.dead:
            return
        losses = track.steps.content()[-24:]
        loss, rate, epoch = np.frombuffer(losses, "<f8").tolist() if len(losses) == 24 else (NAN, NAN, 1)
        self._sample([[e[0], None, *e[2:]] for e in self.last], loss, rate, int(epoch) - 1)


def _silent() -> Points:
    points = Points(None, Loop(), [], False, None)
    points.dead = True
    return points


# ---- values as numbers -----------------------------------------------------------------------------


def number(value: Any) -> float:
    """A number, of whatever kind; NaN for what is none, and for an array of several."""
    if value is None:
        return NAN
    if isinstance(value, float | int):
        return float(value)
    flat = _copied(value)
    return float(flat[0]) if flat is not None and len(flat) == 1 else NAN


def _copied(value: Any) -> np.ndarray | None:
    """(p,) the numbers that a weight holds, copied: a number, an array, a tensor, a list, a dict."""
    if isinstance(value, float | int):
        return np.array([value], dtype=float)
    if type(value).__module__.partition(".")[0] == "torch":
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray | np.generic):
        kind = value.dtype.kind
        if kind == "O":
            return _copied(value.tolist())
        return np.array(value, dtype=float).reshape(-1) if kind in "fiub" else None
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return _joined([_copied(part) for part in value])
    try:
        return np.array([float(value)])
    except (TypeError, ValueError, OverflowError):
        return None


def _shape(value: Any) -> tuple[int, ...]:
    """() of a number, that of an array; (p,) of the numbers in anything else."""
    shape = getattr(value, "shape", None)
    if shape is not None:
        return tuple(map(int, shape))
    flat = _copied(value)
    return () if flat is None or isinstance(value, float | int) else (len(flat),)


def _joined(parts: list) -> np.ndarray | None:
    if not parts or any(part is None for part in parts):
        return None
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _norm(vector: np.ndarray) -> float:
    with np.errstate(all="ignore"):
        return math.sqrt(float(np.dot(vector, vector)))


def _combined(site: Terms, names: tuple, pieces: list) -> np.ndarray | None:
    """Σ sign · Π pieces / Π pieces, as (p,); a piece met several times is the vector of its values."""
    values: dict[int, Any] = dict(zip(site.names, names))
    met: dict[int, list] = {}
    for place, value in pieces:
        met.setdefault(place, []).append(value)
    values.update({place: each[0] if len(each) == 1 else list(each) for place, each in met.items()})
    total: Any = None
    for sign, factors, divisors in site.terms:
        flat = [part for place in factors for part in (place if isinstance(place, tuple) else (place,))]
        if not factors or any(place not in values for place in (*flat, *divisors)):
            return None
        product = None
        for place in factors:
            if isinstance(place, tuple):
                value = _numeric(values[place[0]]) @ _numeric(values[place[1]])
            else:
                value = values[place]
            alone = len(factors) + len(divisors) == 1
            product = value if alone else _numeric(value) if product is None else product * _numeric(value)
        for place in divisors:
            product = product / _numeric(values[place])
        product = -_numeric(product) if sign < 0 else product
        total = product if total is None else _numeric(total) + _numeric(product)
    return _copied(total)


def _numeric(value: Any) -> Any:
    """A number or an array that can be multiplied."""
    if isinstance(value, float | int | np.ndarray | np.generic):
        return value
    if type(value).__module__.partition(".")[0] == "torch":
        return value.detach().cpu().numpy()
    return np.array(value, dtype=float)
