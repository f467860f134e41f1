"""Whether a descent continues: divergence, best validation loss, duality gap, the reason of the stop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from .state import MonitorState, Result, State
from .stops import Gap, Gradient, Progress, Reason, Settled, Validation, epochs_of
from .trace import Step

NEAR = 1e-6  # of the fall that there may be at most: what a descent that has converged leaves of it
AT_ONCE = 2e7  # multiplications: a shorter descent than that is proved as thoroughly as one of that length


class Monitor:
    """Looks at each step of one stage, and gives the reason to end it."""

    def __init__(self, stage, stepper, state: State, began: float):
        objective, stop, known = stage.objective, stage.stop, state.monitor
        self.stage, self.stepper, self.began = stage, stepper, began
        self.objective, self.stop, self.validation = objective, stop, stage.validation
        self.usual = null_size(objective)
        self.by_gap = any(isinstance(part, Gap) for part in stop.parts())
        self.keeps_best = any(isinstance(part, Validation) for part in stop.parts())
        self.score = self.validation.stop_score if self.validation is not None and self.keeps_best else None
        if known is None:
            point = state.point if stepper.every_row else state.point._replace(gradient=state.point.theta)
            free = self.by_gap or proved(lambda: objective.free_gap(point))[0] is not None
            known = MonitorState(state.point.value, free)
        self.first, self.gap_each_epoch, self.seen, self.best, self.held, self.gap = known
        self.storable = False  # whether the state that it looked at last can be resumed from
        self.next_seen = self.seen  # by the stop, after it looked at the last state
        self.bound = 1e10 * max(abs(self.first), self.usual)
        self.finite = state.point.theta  # the last θ that is, and F there too
        self.seconds = state.seconds or time.perf_counter() - began
        self.tol = max((part.tol for part in stop.parts() if isinstance(part, Gradient)), default=math.nan)
        self.scale = math.nan if math.isnan(self.tol) else objective.gradient_scale
        settles = any(isinstance(part, Settled) for part in stop.parts())
        self.origin = objective.to_inner(stage.start) if settles else None

    def stored(self, state: State) -> State:
        """The state with all that is needed to go on from it, as plain data."""
        known = MonitorState(self.first, self.gap_each_epoch, self.seen, self.best, self.held, self.gap)
        stored = self.stepper.stored(state)
        return stored._replace(seconds=self.seconds, stage=self.stage.state, monitor=known)

    def begin(self, state: State) -> Reason | None:
        """A reason to end before any step. The stop is asked again of a state that was stored: it may allow
        more epochs now. Where some rows led to may be all that was asked for of all rows, too."""
        if state.monitor is not None:
            reason, self.next_seen = self._ask(state, self.held, self.gap)
            return reason
        return self._ask(state, None, None)[0] if self.stage.may_be_over else None

    def look(self, state: State, step: Step) -> tuple[Step, Reason | None]:
        """The step with all that the trace keeps of it, and the reason to end, if there is one."""
        self.storable = False
        if state.within:
            return self._look_within(state, step)
        objective, point, before = self.objective, state.point, self.finite
        finite = math.isfinite(point.value) and bool(np.isfinite(point.theta).all())
        reason = self._failure(state, step, finite)
        if finite:
            self.finite = point.theta
        with np.errstate(over="ignore", invalid="ignore"):
            held = None if self.validation is None else self.validation.value(point.theta)
            params = objective.to_user(point.theta)
        cost = held
        if self.score is not None and finite:
            cost = self.score(params)
        if cost is not None and self.keeps_best and (self.best is None or cost < self.best[0]):
            self.best = (cost, point.theta)
        gap = None
        if reason is None and (self.gap_each_epoch or state.epochs & (state.epochs - 1) == 0):  # 1, 2, 4, …
            gap = gap_on_the_way(objective, point, state.epochs, self.by_gap)
        self.held, self.gap, self.seconds = cost, gap, time.perf_counter() - self.began
        self.seen = self.next_seen
        if reason is None:
            self.storable = True
            reason, self.next_seen = self._ask(state, cost, gap, before)
        number, epoch = step.step + self.stage.done, step.epoch + self.stage.done
        step = step._replace(
            step=number, epoch=epoch, seconds=self.seconds, validation=held, params=params, gap=gap
        )
        return step, reason

    def _look_within(self, state: State, step: Step) -> tuple[Step, Reason | None]:
        """In the middle of a pass F over all rows is not known; a slope that is not finite is."""
        seconds = time.perf_counter() - self.began
        step = step._replace(seconds=seconds, params=self.objective.to_user(state.point.theta))
        if math.isfinite(step.gradient_norm):
            return step, None
        where = _where(self.objective, step.gradient)  # later ones are not finite anywhere
        return step, Reason("diverged", {"loss": step.loss, "epochs": state.epochs, **where})

    def _failure(self, state: State, step: Step, finite: bool) -> Reason | None:
        """F has left all bounds, upwards or downwards."""
        point = state.point
        numbers = {"loss": point.value, "epochs": state.epochs}
        if not finite or point.value > self.bound:
            return Reason("diverged", {**numbers, **_where(self.objective, step.gradient, point.gradient)})
        return Reason("unbounded", numbers) if point.value < -self.bound else None

    def _ask(self, state: State, held, gap, before=None):
        """(the stop's reason or None, what it has seen)"""
        objective, point, stride = self.objective, state.point, 0.0
        if self.origin is not None and before is not None and np.any(gone := point.theta - self.origin):
            stride = float(np.abs(point.theta - before).max() / np.abs(gone).max())
        certificate = stationarity(objective, point.theta, point.gradient)
        known = held, gap, self.usual, self.first, stride, state.search.fall
        progress = Progress(state.epochs, self.seconds, point.value, certificate, self.scale, *known)
        reason, seen = self.stop.look(progress, self.seen)
        if reason is not None and reason.code == "validation" and self.score is not None:
            reason = Reason("validation", {**reason.numbers, **self.score.facts(reason.numbers["lowest"])})
        if reason is not None and reason.code == "gradient" and not at_rest(objective, point, self.tol):
            return self.stop.look(progress._replace(stationarity=math.inf), self.seen)
        return reason, seen

    def interrupted(self, state: State) -> Reason:
        """Ctrl-C's reason."""
        return Reason("interrupted", {"epochs": state.epochs})

    def judged(self, state: State, reason: Reason) -> Reason:
        """The reason, but "diverged" where F only grew in all the epochs that there were."""
        grew = self.stepper.every_row and state.point.value > self.first + 1e-19 * self.bound
        if not (grew and reason.code in ("epochs", "no_progress") and self.objective.bounded):
            return reason
        if self.stepper.may_rise:
            return reason
        return Reason("diverged", {"loss": state.point.value, "epochs": state.epochs})

    def end(self, state: State, reason: Reason):
        """The point that is the result: the best on the validation rows, else the last one that is finite."""
        theta, last = self.finite, state.point
        if self.best is not None and reason.code not in ("diverged", "unbounded"):
            theta = self.best[1]
        found = last.theta is theta and last.gradient is not None
        return last if found else self.objective.value_and_gradient(theta)

    def closes(self, reason: Reason, state: State) -> bool:
        """Whether the stepper may make a closing update: near a minimum, and within the epochs."""
        arrived = reason.code in ("gradient", "gap", "no_progress")
        return arrived and self.best is None and state.epochs < epochs_of(self.stop)

    def closing(self, state: State, step: Step) -> Step:
        """A step after the end, for the trace."""
        number, epoch = step.step + self.stage.done, step.epoch + self.stage.done
        params, seconds = self.objective.to_user(state.point.theta), time.perf_counter() - self.began
        return step._replace(step=number, epoch=epoch, seconds=seconds, params=params)

    def result(self, state: State, reason: Reason, end) -> Result:
        return result_at(self.objective, end, reason, state.epochs + self.stage.done, state.memory)


def result_at(objective, end, reason: Reason, epochs: Any, memory=None) -> Result:
    """What a descent ends with at a point."""
    params, certificate = objective.to_user(end.theta), stationarity(objective, end.theta, end.gradient)
    gap, unproved = last_gap(objective, end, epochs, reason)
    found = params, end.value, epochs, certificate, memory, end.theta, end.cached, end.gradient
    return Result(reason, *found, gap, unproved)


def null_size(objective) -> float:
    """How large F usually is: its size at the null model; of a function nothing is known, and 1 must do."""
    return max(abs(objective.null_value), 1e-300) if objective.bounded else 1.0


def gap_on_the_way(objective, point, epochs: int, sought: bool) -> float | None:
    """The gap for the trace and the stops, where it is to be looked for; see `Step` and `Gap`. A bound that
    is not free is seldom worth a row of the trace: from 128 epochs on, and in a sixtieth of their time."""
    free = proved(lambda: objective.free_gap(point))[0]
    if free is not None:
        return free
    if sought and (epochs <= 10 or int(math.log(epochs, 1.1)) > int(math.log(epochs - 1, 1.1))):
        return proved(lambda: objective.gap(point))[0]
    due = epochs >= 128 and epochs & (epochs - 1) == 0
    return proved(lambda: objective.gap(point, epochs / 3))[0] if due else None


def last_gap(objective, end, epochs: float, reason: Reason) -> tuple[float | None, str]:
    """The gap where a descent ended, and the error that kept it from being found; None where there is no
    answer, or more rows are to come."""
    if reason.code in ("diverged", "unbounded", "paused"):
        return None, ""
    return proved(lambda: objective.gap(end, max(epochs, AT_ONCE / (objective.rows * objective.size))))


def at_rest(objective, point, tol: float) -> bool:
    """Whether a gradient that is small relative to its scale means that F is near its minimum. In columns
    that are not standardised a large one makes the scale large, and any gradient small relative to it: there
    F must not have far to go. A verdict asks the same."""
    if not (objective.linear_rows or objective.quadratic) or objective.term.standardised:
        return True
    fall = proved(lambda: objective.newton_fall(point))[0]
    return fall is None or fall <= max(NEAR, tol) * objective.term.usual_fall


def proved(bound: Callable[[], float | None]) -> tuple[float | None, str]:
    """(gap, "") or (None, the error): a proof that fails costs no descent."""
    try:
        with np.errstate(all="ignore"):
            gap = bound()
        return (gap, "") if gap is None or math.isfinite(gap) else (None, "")
    except np.linalg.LinAlgError:  # numbers too far apart to tell: nothing proves it
        return None, ""
    except Exception as error:
        return None, f"{type(error).__name__}: {error}".strip(": ").splitlines()[0]


def stationarity(objective, theta, gradient) -> float:
    """The objective's certificate there; NaN where it cannot be found."""
    try:
        return objective.stationarity(theta, gradient)
    except Exception:
        return math.nan


def _where(objective, *gradients) -> dict[str, str]:
    """The parameter of a net where the first gradient that is not finite came to be so."""
    names = [objective.first_non_finite(gradient) for gradient in gradients]
    return next(({"where": name} for name in names if name is not None), {})
