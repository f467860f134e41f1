"""What is called from inside the watched script: at a loop, before and after a weight moves, at a loss.

None of these raises, warns or draws a random number; values pass through unchanged. The quick path of an
update keeps references and writes its loss; weights and gradient are copied at a sample of the updates.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any

import numpy as np

from .records import Loop, Update

ALWAYS = 512  # updates of the sample, before it becomes sparse
PAIRS = 32  # of neighbours before the updates have doubled, from then on
RUNS = 64  # loops that are recorded of one loop statement
NAN = math.nan
NUMBER = (float, int)
DOUBLE = np.dtype(float)


@dataclass
class Terms:
    """How a site's gradient is made of its pieces: (sign, pieces that multiply, pieces that divide). A pair
    of pieces is a matrix product."""

    terms: list[tuple[int, list, list[int]]] = field(default_factory=list)
    names: list[int] = field(default_factory=list)  # pieces that are names, in order
    once: bool = True  # each piece is computed once an update, in no comprehension
    count: int = -1  # of the pieces, where none is a matrix product and each term has one


class Points:
    """The calls of one training loop by hand. `template` has its roles, `sites` the parts of gradients.

    An entry of an update is (site, weight before, names, pieces, weight after). Most updates only write their
    loss, rate and epoch, straight into the mapped file; `wanted` says that the next one asks for more.
    """

    def __init__(self, recorder: Any, template: Loop, sites: list[Terms], per_row: bool, stop: Any):
        self.recorder, self.template, self.sites, self.per_row = recorder, template, sites, per_row
        self.stop = stop
        self.track: Any = None
        self.number = 0
        self.runs = 0
        self.fresh = True  # the loop was entered, and nothing has moved yet
        self.epoch = -1
        self.count = 0  # updates so far
        self.wanted = True  # the update under way is copied, or the loop was entered, or the file is full
        self.due = 0  # the count at which it becomes so
        self.losses: Any = ()  # columns of the file
        self.rates: Any = ()
        self.epochs: Any = ()
        self.places = list(range(len(sites)))
        self.befores: list[Any] = [None] * len(sites)  # of each site: the weight before it moves
        self.names: list[tuple] = [()] * len(sites)  # pieces that are names, where the statement changes them
        self.pieces: list[list] = [[] for _ in sites]  # pieces as the statement computes them
        self.entries: list[tuple] = []  # of this update
        self.last: list[tuple] = []  # of the update before
        self.end: list | None = None  # its weights, when the loop was entered again
        self.plain = False  # each site moves one float
        self.unchanged = 0  # weights that are still those of `last`, since the loop was entered
        self.loss: Any = NAN
        self.rate: Any = NAN
        self.dead = False
        self.failure: Exception | None = None

    def __reduce__(self):
        """In another process, where a function of the script was sent by value, nothing is recorded."""
        return _silent, (len(self.sites),)

    # ---- the calls ---------------------------------------------------------------------------------

    def enter(self) -> None:
        """The loop statement begins."""
        self.fresh = self.wanted = True
        self.epoch += 1
        self.unchanged = 0

    def before(self, site: int) -> Callable:
        """before(weight, names): a weight is about to move. Called where the update is `wanted`; always where
        names among the pieces are bound by the statement."""

        def call(weight, names=()):
            self.pieces[site], self.names[site] = [], names
            if self.wanted and not self.dead:
                if self.fresh and self.plain and isinstance(weight, float) and weight is self.last[site][4]:
                    self.unchanged += 1
                    if self.unchanged == len(self.last):  # the loop goes on with the weights
                        self.fresh, self.wanted = False, self.count >= self.due
                if self.fresh and not self.entries:
                    self.end = _values(self.last)  # what moves in place is changed by now
                if self.wanted:
                    self.befores[site] = _value(weight)

        return call

    def piece(self, site: int, number: int) -> Callable:
        """piece(value): a part of the gradient, as the script computes it."""

        def call(value):
            self.pieces[site].append((number, value))
            return value

        return call

    def after(self, site: int) -> Callable:
        """after(weight, names, rate): a weight has moved; names are None where `before` was given them."""

        def call(weight, names=(), rate=None):
            if rate is not None:
                self.rate = rate
            pieces, before = self.pieces[site], None
            if pieces:
                self.pieces[site] = []
            if self.wanted:
                before, self.befores[site] = self.befores[site], None
            self.entries.append((site, before, self.names[site] if names is None else names, pieces, weight))
            return weight

        return call

    def take_rate(self, value: Any) -> None:
        """The rate, by the name that the user gave."""
        self.rate = value

    def moved(self, site: int) -> Callable:
        """moved(weight, names, rate): `after` and `done` where one statement moves one weight."""
        after, done = self.after(site), self.done

        def call(weight, names=(), rate=None):
            if self.wanted or names is None:
                after(weight, names, rate)
            else:
                if rate is not None:
                    self.rate = rate
                pieces = self.pieces[site]
                if pieces:
                    self.pieces[site] = []
                self.entries = [(site, None, names, pieces, weight)]
            done()
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
                if isinstance(value, float) and self.track.stored_stride == 1:
                    self.losses[self.count - 1] = value
                else:
                    self.track.amend(self.count, number(value))
            except Exception as error:
                self.dead, self.failure = True, error
            if self.stop is not None:
                self.stop(self, number(value))
        return value

    # ---- one update --------------------------------------------------------------------------------

    def done(self) -> None:
        """All weights of an update have moved."""
        entries = self.entries
        if not entries:
            return
        if self.wanted:
            self._update()
            return
        loss, rate, count = self.loss, self.rate, self.count
        try:
            self.losses[count] = loss if isinstance(loss, float) else number(loss)
            self.rates[count] = rate if isinstance(rate, float) else number(rate)
            self.epochs[count] = 1 + (self.epoch if self.per_row else count)
        except Exception:  # a forked child, where the file is closed
            self._update()
            return
        self.count = count = count + 1
        self.last, self.entries, self.loss = entries, [], NAN
        if count >= self.due:
            self.wanted = True

    def _update(self) -> None:
        """An update that is one of the sample, or the first since the loop was entered."""
        entries, loss, rate = self.entries, self.loss, self.rate
        self.entries, self.loss = [], NAN
        if self.dead or not self.recorder.active:
            self.dead = self.wanted = True
            return
        given = loss is not NAN
        try:
            if self.fresh and not self._begin(entries):
                self.dead = True
                return
            track = self.track
            loss, rate = number(loss), number(rate)
            epoch = self.epoch if self.per_row else self.count
            sampled = self.count >= track.next
            track.reached(self.count)
            track.step(loss, rate, epoch)
            self.count, self.last = track.count, entries
            self.plain = [entry[0] for entry in entries if isinstance(entry[4], float)] == self.places
            if sampled:
                self._sample(entries, loss, rate, epoch)
            self.losses, self.rates, self.epochs = track.columns()
            self.due = min(track.next, len(self.losses)) if self.stop is None else 0
            self.wanted = self.count >= self.due
        except Exception as error:
            self.dead, self.failure, self.wanted = True, error, True
            return
        if self.stop is not None and (given or not self.template.loss):
            weights = _array(_values(entries))
            largest = NAN if weights is None else float(np.abs(weights).max(initial=0.0))
            self.stop(self, loss if given else largest)

    def _begin(self, entries: list[tuple]) -> bool:
        """The first update since the loop was entered goes on with the weights, or begins anew; False where
        enough was recorded."""
        self.fresh = False
        start, end = [entry[1] for entry in _sorted(entries)], self.end
        if self.track is not None and end and _equal(start, end):
            return True
        if self.track is not None:
            self.finish()
            if self.runs >= RUNS:
                return False
        shapes, names = self._shapes(entries)
        torch = any(type(entry[4]).__module__.startswith("torch") for entry in entries)
        loop = replace(self.template, kind="torch" if torch else "hand", weights=names, shapes=shapes)
        self.number = self.recorder.loop(loop)
        self.track = self.recorder.tracks[self.number]
        self.runs += 1
        self.epoch = self.count = 0
        params = _array(start)
        if params is not None:
            self.recorder.update(Update(self.number, 0, 0, self.recorder.seconds, params=params))
        return True

    def _shapes(self, entries: list[tuple]) -> tuple[tuple, tuple]:
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

    def _sample(self, entries: list[tuple], loss: float, rate: float, epoch: int) -> None:
        began = time.perf_counter()
        track, entries = self.track, _sorted(entries)
        params = [_value(entry[4]) for entry in entries]
        gradient = self._gradient(entries, params)
        head = (self.count, epoch, began - self.recorder.began, loss, rate, NAN, 1 if self.per_row else 0)
        track.sample(head, params, gradient, [entry[1] for entry in entries])
        if track.sampled > ALWAYS:  # by counts alone: what is seen does not depend on the machine's load
            track.sparser(self.count / PAIRS)
        self.recorder.recording_seconds += time.perf_counter() - began

    def _gradient(self, entries: list[tuple], params: list) -> list | None:
        """Of each weight; None where one of them is not known."""
        parts: list[Any] = []
        for (site, _, names, pieces, _), weight in zip(entries, params):
            part = _simple(self.sites[site], names, pieces)
            if part is None:
                with np.errstate(all="ignore"):
                    part = _combined(self.sites[site], names, pieces)
            if part is None:
                return None
            alone = type(part) is float or len(part) == 1
            wide = alone and weight is not None and type(weight) is not float and len(weight) > 1
            parts.append(np.full(len(weight), part) if wide else part)
        return parts

    def finish(self) -> None:
        """The last update, where it is not one of the sample."""
        track = self.track
        if track is None:
            return
        track.reached(self.count)
        if not self.last or track.last >= track.count or self.dead:
            return
        losses = track.steps.content()[-24:]
        loss, rate, epoch = np.frombuffer(losses, "<f8").tolist() if len(losses) == 24 else (NAN, NAN, 1)
        self._sample([(e[0], None, *e[2:]) for e in self.last], loss, rate, int(epoch) - 1)


def _silent(sites: int) -> Points:
    points = Points(None, Loop(), [Terms()] * sites, False, None)
    points.dead = True
    return points


# ---- values as numbers -----------------------------------------------------------------------------


def number(value: Any) -> float:
    """A number, of whatever kind; NaN for what is none, and for an array of several."""
    if value is None:
        return NAN
    if isinstance(value, NUMBER):
        return float(value)
    flat = _copied(value)
    return float(flat[0]) if flat is not None and len(flat) == 1 else NAN


def _value(weight: Any) -> Any:
    """A weight as it is now: a float, or (p,) its numbers, copied; None for what holds none."""
    if isinstance(weight, float):
        return float(weight)
    return weight.flatten() if type(weight) is np.ndarray and weight.dtype is DOUBLE else _copied(weight)


def _sorted(entries: list[tuple]) -> list[tuple]:
    """By site, as the weights have their names."""
    return entries if len(entries) == 1 else sorted(entries, key=itemgetter(0))


def _values(entries: list[tuple]) -> list:
    """The weights after an update."""
    return [_value(entry[4]) for entry in _sorted(entries)]


def _array(parts: list) -> np.ndarray | None:
    """(p,) all numbers of floats and arrays; None where there are none, or one is not known."""
    if len(parts) == 1 and type(parts[0]) is not float:
        return parts[0]
    if not parts or any(part is None for part in parts):
        return None
    if all(type(part) is float for part in parts):
        return np.array(parts)
    return np.concatenate([np.atleast_1d(part) for part in parts])


def _equal(one: list, other: list) -> bool:
    """Whether weights are the same to the last bit; NaN is NaN."""
    if all(type(value) is float for value in (*one, *other)):
        return len(one) == len(other) and all(a == b or a != a != b != b for a, b in zip(one, other))
    a, b = _array(one), _array(other)
    return a is not None and b is not None and np.array_equal(a, b, equal_nan=True)


def _copied(value: Any) -> np.ndarray | None:
    """(p,) the numbers that a weight holds, copied: a number, an array, a tensor, a list, a dict."""
    if isinstance(value, NUMBER):
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
        return _array([_copied(part) for part in value])
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


def _simple(site: Terms, names: tuple, pieces: list) -> Any:
    """The gradient where it is one piece, or made of names that hold floats; None where it is neither."""
    sign, factors, divisors = site.terms[0] if site.terms else (1, [], [])
    if len(site.terms) == 1 == len(factors) == len(names) + len(pieces) and not divisors:
        value = _value(names[0] if names else pieces[0][1])
        return value if sign > 0 or value is None else -value
    if pieces or not names or len(site.names) != site.count:
        return None
    for value in names:
        if type(value) is not float and type(value) is not int:
            return None
    total = 0.0
    for place, (sign, factors, divisors) in enumerate(site.terms):
        product = names[factors[0]]
        for factor in factors[1:]:
            product *= names[factor]
        for divisor in divisors:
            product /= names[divisor]
        product = -product if sign < 0 else product
        total = total + product if place else product
    return float(total)


def _combined(site: Terms, names: tuple, pieces: list) -> Any:
    """Σ sign · Π pieces / Π pieces, as a float or (p,). In a comprehension each piece is a vector."""
    values: dict[int, Any] = dict(zip(site.names, names))
    met: dict[int, list] = {}
    for place, value in pieces:
        met.setdefault(place, []).append(value)
    values |= {place: each[-1] if site.once or len(each) == 1 else each for place, each in met.items()}
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
    return _value(total)


def _numeric(value: Any) -> Any:
    """A number or an array that can be multiplied."""
    if isinstance(value, float | int | np.ndarray | np.generic):
        return value
    if type(value).__module__.partition(".")[0] == "torch":
        return value.detach().cpu().numpy()
    return np.array(value, dtype=float)
