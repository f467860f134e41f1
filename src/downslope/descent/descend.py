"""The loop: look at the rows, find value and gradient, choose a direction, choose how far, move, yield."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from ..arguments import a, array, door, whole
from ..errors import DownslopeError
from ..kernels.threads import steps_on_one_blas_thread
from . import rates
from .coordinates import Coordinates
from .direct import closed_form, exhaustive, reduces
from .directions import LBFGS, Chooser, Nesterov, Newton, Subsampled, has_kernel
from .end import End, at_rest, gap_on_the_way, last_gap, proved, stationarity
from .methods import AnyMethod, ClosedForm, CoordinateDescent, Exhaustive, Method
from .passes import passes
from .place import Place
from .rounded import rounded
from .rows import Batch
from .schedules import Schedule
from .searches import Armijo, StrongWolfe
from .several import SeveralOutputs
from .state import State, entry, epochs_of
from .stops import Epochs, Gap, Gradient, Progress, Reason, Settled, Stop, Validation
from .trace import Step


@door(
    objective=a("Objective"),
    method=a("Method", "ClosedForm", "Exhaustive", "CoordinateDescent"),
    stop=a("Stop", none=True),
    validation=a("Objective", none=True),
    start=array(),
    seed=whole(),
)
def descend(
    objective,
    start,
    method: AnyMethod,
    stop: Stop | None = None,
    *,
    validation=None,
    seed: int = 0,
    after: End | None = None,
    place: Place | None = None,
) -> Generator[Step, None, End]:
    """w ← w − t·d, until `stop` gives its reason: a generator of steps, which returns an `End`.

    Parameters: `objective` (see `downslope.objective`); `start`, (p,), in the user's units; `method`;
    `stop`, 1000 epochs when None; `validation`, an objective over rows held out; `seed` of the row
    order; `after`, the end of an earlier descent in the same coordinates: its weights, its direction's
    memory and its counts of epochs and updates go on; `place`, where the descent stands, kept up to date
    for whoever wants to keep it: one that was kept is gone on from, to the same bits as if never stopped.
    Divergence always ends it, with the last weights that are finite. Ctrl-C ends it too, with the reason
    "interrupted".

    >>> import downslope as ds
    >>> rows = ds.Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
    >>> F = ds.objective(rows, model=ds.Linear(intercept=False, scale=False))
    >>> for step in ds.descend(F, [1.0], ds.GD(0.01), ds.stops.Epochs(2)):
    ...     print(step.epoch, step.loss, step.params)
    0 4.666666666666667 [1.09333333]
    1 3.8362074074074086 [1.17795556]
    """
    steps = _descend(objective, start, method, stop, validation, seed, after, place)
    return (yield from steps_on_one_blas_thread(steps))


def _descend(objective, start, method, stop, validation, seed, after, place):
    """The same, with as many BLAS threads as there are."""
    start = np.array(start, dtype=float)
    if start.shape != (objective.size,):
        raise DownslopeError("descent.start_shape", found=start.shape, size=objective.size)
    method.refuse_nonsense(objective)
    if isinstance(method, ClosedForm):
        return (yield from closed_form(objective))
    if isinstance(method, Exhaustive):
        return (yield from exhaustive(objective, start, method))
    stop, place = stop or Epochs(1000), place or Place()
    place.again = place.whole
    if isinstance(method, CoordinateDescent):
        return (yield from _loop(objective, start, method, stop, validation, seed, place))
    if isinstance(method.rows, Batch):
        objective = objective.uncentred()
        validation = None if validation is None else validation.uncentred()
    if reduces(objective, method):
        objective = objective.reduced()
    if not objective.term.smooth and method.full and isinstance(method.direction, Chooser | Nesterov):
        return (yield from rounded(_loop, objective, start, method, stop, validation, place))
    begin = _sampled if isinstance(method.direction, Subsampled) and after is None else _loop
    return (yield from begin(objective, start, method, stop, validation, seed, place, after=after))


def _loop(
    objective, start, method, stop: Stop, validation, seed, place: Place, *,
    stage=0, began=None, done=0, after=None,
):  # fmt: skip
    """The loop, for one objective, which may be a stage that begins after `done` epochs."""
    began = began or time.perf_counter() - place.seconds
    theta = objective.to_inner(start)
    state = State(theta, method.direction.begin(objective.term.widths > 0))
    if after is not None:
        theta = theta if after.theta is None else after.theta
        memory = copy.deepcopy(after.memory) or state.memory  # copied, for kernels write into it
        state = State(theta, memory, after.epochs, memory.updates)
    # A method that looks at some rows needs no slope of all of them to begin with.
    if place.again:  # the first point is then the one that comes next
        place.state.memory = method.direction.again(place.state.memory, state.memory)
        first, state, theta = place.found(objective), place.state, place.point[0]
    else:
        first = objective.at(theta) if method.full else objective.valued(theta)
        if not math.isfinite(first.value):
            raise DownslopeError("descent.start_not_finite", value=first.value)
        place.begin(stage, start, done, first.value, state)
    usual = _null_value(objective)
    bound = 1e10 * max(abs(place.first), usual)
    walks = isinstance(method, CoordinateDescent)
    if isinstance(method, CoordinateDescent):
        steps = _rounds(objective, state, first, stop)
    elif method.full:
        steps = _full_steps(objective, method, state, first, stop)
    else:
        sweeps = objective.sweeps and has_kernel(method.direction)
        steps = (passes if sweeps else _updates)(objective, method, method.rows, state, stop, seed)
    last_finite, reason, point = theta, None, first
    keeps_best = any(isinstance(part, Validation) for part in stop.parts())
    sought = any(isinstance(part, Gap) for part in stop.parts())
    some_slope = first if method.full else first._replace(gradient=theta)  # whether there is one, not which
    if not place.again:
        place.often = sought or proved(lambda: objective.free_gap(some_slope))[0] is not None
    tol = max((part.tol for part in stop.parts() if isinstance(part, Gradient)), default=math.nan)
    scale = math.nan if math.isnan(tol) else objective.gradient_scale

    settles_down = any(isinstance(part, Settled) for part in stop.parts())
    origin = objective.to_inner(place.start) if settles_down else theta

    def ending(held, gap, before=None) -> tuple[Reason | None, Any]:
        stride = 0.0
        if settles_down and before is not None and np.any(gone := point.theta - origin):
            stride = float(np.abs(point.theta - before).max() / np.abs(gone).max())
        certificate = stationarity(objective, point.theta, point.gradient)
        progress = Progress(
            state.epochs,
            place.seconds,
            point.value,
            certificate,
            scale,
            held,
            gap,
            usual,
            place.first,
            stride,
            state.fall,
        )
        reason, seen = stop.look(progress, state.seen)
        if reason is not None and reason.code == "gradient" and not at_rest(objective, point, tol):
            return stop.look(progress._replace(certificate=math.inf), state.seen)
        return reason, seen

    if place.again:  # what the stop has seen is of before that place: it may know more epochs now
        place.again = False
        reason, seen = ending(place.held, place.gap)
        place.whole = place.over = reason is not None
        steps = iter(()) if reason else steps
        state.seen = state.seen if reason else seen
    elif done and isinstance(method, Method) and isinstance(method.direction, Subsampled):
        reason, _ = ending(None, None)  # where some of the rows led to may be all that was asked for
        steps = iter(()) if reason else steps
    try:
        for step, point, complete in steps:
            if not complete:  # in the middle of a pass, where F over all rows is not known
                yield step._replace(
                    seconds=time.perf_counter() - began, params=objective.to_user(point.theta)
                )
                if math.isfinite(step.gradient_norm):
                    continue
                where = _where(objective, step.gradient)  # later ones are not finite anywhere
                reason = Reason("diverged", {"loss": step.loss, "epochs": state.epochs, **where})
                break
            before = last_finite
            finite = math.isfinite(point.value) and bool(np.isfinite(point.theta).all())
            if not finite or point.value > bound:
                where = _where(objective, step.gradient, point.gradient)
                reason = Reason("diverged", {"loss": point.value, "epochs": state.epochs, **where})
            elif point.value < -bound:
                reason = Reason("unbounded", {"loss": point.value, "epochs": state.epochs})
            if finite:
                last_finite = point.theta
            with np.errstate(over="ignore", invalid="ignore"):
                held = None if validation is None else validation.value(point.theta)
                params = objective.to_user(point.theta)
            if held is not None and keeps_best and (state.best is None or held < state.best[0]):
                state.best = (held, point.theta)
            gap = None
            if not reason and (place.often or state.epochs & (state.epochs - 1) == 0):  # or 1, 2, 4, 8, …
                gap = gap_on_the_way(objective, point, state.epochs, sought)
            seconds = time.perf_counter() - began
            if not reason:
                place.note(objective, point, held, gap, seconds, walks or not objective.sweeps)
                reason, seen = ending(held, gap, before)
                place.over = reason is not None
            counts = {"step": step.step + done, "epoch": step.epoch + done}
            yield step._replace(**counts, seconds=seconds, validation=held, params=params, gap=gap)
            if reason:
                break
            place.whole, state.seen = False, seen
    except KeyboardInterrupt:
        reason = Reason("interrupted", {"epochs": state.epochs})
    assert reason is not None
    grew = point.value > place.first + 1e-19 * bound and method.full
    if (
        reason.code in ("epochs", "no_progress")
        and grew
        and objective.bounded
        and not rates.rolls(objective, method)
    ):
        reason = Reason("diverged", {"loss": point.value, "epochs": state.epochs})
    theta = last_finite
    if state.best is not None and reason.code not in ("diverged", "unbounded"):
        theta = state.best[1]
    end = point if point.theta is theta and point.gradient is not None else objective.at(theta)
    settles = objective.kinked and isinstance(method, Method) and method.full and state.best is None
    if settles and reason.code not in ("diverged", "interrupted"):
        # Accelerated methods stand beside their last prox: one plain step, in the trace, sets the zeros.
        t = 1 / objective.lipschitz
        settled = objective.at(objective.prox(theta - t * end.gradient, t))
        no_higher = settled.value <= end.value + 1e-13 * abs(end.value)  # but for rounding
        if no_higher and not np.array_equal(settled.theta, theta):
            state = replace(state, updates=state.updates + 1)  # a new one: its place has the old
            last = entry(state, objective.rows, end, t)._replace(seconds=time.perf_counter() - began)
            theta, end = settled.theta, settled
            with suppress(KeyboardInterrupt):
                yield last._replace(
                    step=last.step + done, epoch=last.epoch + done, params=objective.to_user(theta)
                )
    params = objective.to_user(theta)
    certificate = stationarity(objective, theta, end.gradient)
    epochs = state.epochs + done
    proof = last_gap(objective, end, epochs, reason)
    found = (reason, params, end.value, epochs, certificate, state.memory, theta, end.cached, end.gradient)
    return End(*found, *proof)


def _full_steps(objective, method: Method, state: State, point, stop: Stop) -> Iterator[tuple]:
    """Updates on all rows: one an epoch."""
    direction, rate = method.direction, rates.resolved(method, objective)
    total = epochs_of(stop)
    if not state.tried:
        known = isinstance(rate, Armijo) and not isinstance(direction, Chooser)
        state.tried = 1.0 / objective.lipschitz if known and 0 < objective.lipschitz < math.inf else 1.0
    ahead: list[float] = []  # learning rates of the updates to come, the next one last
    while True:
        before = point
        if isinstance(direction, Chooser):
            exact = objective.quadratic and isinstance(direction, Newton)  # then nothing is left
            with np.errstate(over="ignore", invalid="ignore"):
                d = direction.choose(objective, before, state.memory)
                slope = float(before.gradient @ d)
                state.fall = -0.5 * slope if objective.linear and not exact and math.isfinite(slope) else 0.0
                if not slope < 0:  # rounding has turned it: go straight down
                    d, slope = -before.gradient, -float(before.gradient @ before.gradient)
            line = objective.line(before, d)
            if isinstance(rate, Schedule):
                t = float(rate.rates(np.array([state.updates]), 1, total)[0])
            else:
                first = state.reach if isinstance(rate, Armijo) else 1.0
                if isinstance(rate, StrongWolfe) and isinstance(direction, LBFGS):
                    with np.errstate(over="ignore", invalid="ignore"):
                        first = direction.trial(objective, before, d, state.memory)
                t = rate.length(line, before.value, slope, first) if slope < 0 else 0.0
            point = line.point(t) if t else before
            with np.errstate(over="ignore", invalid="ignore"):
                steep = float(point.gradient @ d) < 0.25 * slope
            # Where little curves, a step of 1 is far too short.
            state.reach = 2 * t if t >= state.reach and steep else 1.0
            with np.errstate(over="ignore", invalid="ignore"):
                direction.learn(before, point, state.memory)
        elif isinstance(rate, Armijo | StrongWolfe):
            if objective.kinked and isinstance(rate, Armijo):
                t, point = rate.prox_step(objective, before, state.tried)
            else:
                g = before.gradient
                line = objective.line(before, -g)
                with np.errstate(over="ignore"):
                    slope = -float(g @ g)
                t = rate.length(line, before.value, slope, state.tried) if g.any() else 0.0
                point = line.point(t) if t else before
            state.tried = t * getattr(rate, "grow", 1.0) if t else state.tried
        else:
            if not ahead:
                part = state.updates - state.updates % 256 + np.arange(256)  # the same ones after a stop
                ahead = rate.rates(part, 1, total)[state.updates % 256 :].tolist()[::-1]
            t = ahead.pop()
            with np.errstate(over="ignore", invalid="ignore"):  # divergence is looked for, and named
                theta = direction.move(before.theta, before.gradient, t, state.memory, objective.l1)
                point = objective.at(theta)
            t = direction.taken(t, state.memory)
            direction.pass_over(point.value, state.memory)
        state.updates += 1
        state.epochs += 1
        state.theta = point.theta
        yield entry(state, objective.rows, before, t), point, True


def _updates(objective, method: Method, batch: Batch, state: State, stop: Stop, seed: int) -> Iterator[tuple]:
    """Updates on some rows, each a step of its own; F over all rows at the end of a pass."""
    direction, rate = method.direction, rates.resolved(method, objective)
    per_epoch = batch.updates_in(objective.rows)
    total = per_epoch * epochs_of(stop)
    while True:
        order = batch.order_of(objective.rows, state.epochs, seed)
        t = np.asarray(rate.rates(state.updates + np.arange(per_epoch), per_epoch, total), dtype=float)
        for update in range(per_epoch):
            rows = order[update * batch.size : (update + 1) * batch.size]
            with np.errstate(over="ignore", invalid="ignore"):
                before = objective.at(state.theta, rows)
                state.theta = direction.move(
                    before.theta, before.gradient, float(t[update]), state.memory, objective.l1
                )
            state.updates += 1
            complete = update == per_epoch - 1
            state.epochs += complete
            point = objective.at(state.theta) if complete else before._replace(theta=state.theta)
            taken = direction.taken(float(t[update]), state.memory)
            if complete:
                direction.pass_over(point.value, state.memory)
            step = entry(state, len(rows), before, taken)
            step = step._replace(epoch=state.epochs - complete, objective=point.value if complete else None)
            yield step, point, complete


def _rounds(objective, state: State, first, stop: Stop) -> Iterator[tuple]:
    """Rounds of coordinate descent, each over a working set; `learning_rate` is the length of its step."""
    several = objective.term.outputs > 1
    at = SeveralOutputs(objective.term, state.theta) if several else Coordinates(objective.term, state.theta)
    vars(at).update(state.walked)
    l1, l2 = objective.l1[: at.d], objective.l2[: at.d]
    tol = max((part.tol for part in stop.parts() if isinstance(part, Gradient)), default=1e-12)
    point = first
    while True:
        before, length = point, at.round(l1, l2, tol * objective.gradient_scale)
        if at.moments:  # which tell no row from another
            point = objective.at(at.theta)
        else:
            point = objective.priced(at.theta, at.value, at.gradient, (at.theta, at.z))
        state.theta = point.theta
        state.updates += 1
        state.epochs += 1
        state.walked = at.known
        yield entry(state, objective.rows, before, length), point, True


def _sampled(
    objective, start, method: Method, stop: Stop, validation, seed, place: Place, *,
    stage=0, began=None, done=0, after=None,
):  # fmt: skip
    """A descent on all rows, begun where one on some of them ended, and that one on some of those: to where
    their gradient is a tenth of what the choice of rows makes of it. The trace tells how many they were."""
    assert isinstance(method.direction, Subsampled)
    began, every = began or time.perf_counter() - place.seconds, method.direction.thinning(objective)
    if place.again and place.stage == stage:  # the descent on some of the rows is over
        start, done = place.start, place.done
    elif every > 1 and epochs_of(stop) >= 10:
        some = objective.thinned(every)
        enough = Gradient(0.1 / math.sqrt(some.rows)) | Epochs(10)
        ahead = yield from _sampled(
            some, start, method, enough, None, seed, place, stage=stage + 1, began=began, done=done
        )
        if ahead.reason.code == "interrupted":
            end = objective.at(objective.to_inner(ahead.params))
            certificate = stationarity(objective, end.theta, end.gradient)
            return replace(ahead, value=end.value, certificate=certificate, cached=end.cached)
        if ahead.reason.code in ("gradient", "epochs"):
            start, done = ahead.params, ahead.epochs
    begun = {"stage": stage, "began": began, "done": done}
    return (yield from _loop(objective, start, method, stop, validation, seed, place, **begun))


def _where(objective, *gradients) -> dict[str, str]:
    """The parameter of a net where the first gradient that is not finite came to be so."""
    names = [objective.first_non_finite(gradient) for gradient in gradients]
    return next(({"where": name} for name in names if name is not None), {})


def _null_value(objective) -> float:
    """How large F usually is: its size at the null model; of a function nothing is known, and 1 must do."""
    return max(abs(objective.null_value), 1e-300) if objective.bounded else 1.0
